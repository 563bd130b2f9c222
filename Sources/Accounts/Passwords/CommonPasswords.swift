/// Common passwords that Debian's zxcvbn takes for good ones.
///
/// Debian builds the library without its largest list of passwords. Of the 3000 that ASVS 6.2.4
/// is about (the head of Mark Burnett's list, in the order that the zxcvbn projects publish under
/// the MIT licence), 832 have eight characters or more, and the library alone refuses all but
/// these: keyboard patterns and Russian words typed on a Latin keyboard, for the most part.
enum CommonPasswords {
    /// The passwords, most common first, in lower case.
    static let all = """
        q1w2e3r4t5 4815162342 qweasdzxc usuckballz1 fktrcfylh fyfcnfcbz cjkysirj 1029384756 \
        dbrnjhbz 123qweasdzxc soso123aljg trfnthbyf 1qaz2wsx3edc q1w2e3r4t5y6 rhbcnbyf cdtnkfyf \
        ghbdtnbr gn56gn56 1q2w3e4r5t6y dkflbvbh shaney14 192837465 mailcreated5240 mersedes \
        nuttertools a1s2d3f4 qazwsxedcrfv romashka qawsedrf vfrcbvrf vkontakte rfnthbyf dthjybrf \
        microlab pantyhos 73501505 azsxdcfv rjirfrgbde zxcasdqwe fktrcfylhf polniypizdec0211 \
        anhyeuem skorpion 1qa2ws3ed 13243546 sojdlg123aljg dkflbckfd gfhjkm123 dfktynbyf \
        vfhufhbnf ghjcnjnfr multiplelo motherlode rjycnfynby vfvfgfgf zxasqw12 cambiami mazafaka \
        cfitymrf crjhgbjy nokia6300 12qw34er rhfcjnrf montgom240 sersolution leavemealone
        """
        .split(separator: " ").map { String($0) }
}
