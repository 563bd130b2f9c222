@testable import Accounts
@testable import Sessions

/// A name that is taken is in its final form, and holds nothing that could mean something else.
func fuzzAccountName(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    if let group = GroupName(text) {
        try promise(group.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a group in ASCII")
        try promise(!group.text.contains(","), "no comma")
    }
    guard let name = try? AccountName(text) else { return }
    try promise((1...AccountName.maximumBytes).contains(name.text.utf8.count), "its length")
    let again = try AccountName(name.text)
    try promise(again.text.utf8.elementsEqual(name.text.utf8), "NFKC once is NFKC for ever")
    try promise(again.key == name.key, "one key")
    try promise(again.isEmailAddress == name.isEmailAddress, "an address or none")
    for scalar in name.text.unicodeScalars {
        try promise(scalar.value > 0x20 && !(0x7F...0xA0).contains(scalar.value), "\(scalar)")
        try promise(!"()<>[]:;,\\\"/".unicodeScalars.contains(scalar), "\(scalar)")
    }
    if let key = try? AccountName(name.key.text) {
        try promise(key.key == name.key, "the key of a key: \(key.key.text)")
    }
}

/// Packed and unpacked, a person is the same.
///
/// The lines: username, email address or nothing; the rest are groups.
func fuzzPrincipal(_ bytes: [UInt8]) throws {
    let (first, rest) = lines(bytes, 2)
    let groups = String(decoding: rest, as: UTF8.self).split(separator: "\n")
        .filter { !$0.utf8.contains(0x1F) }.map(String.init)
    guard let id = PublicID(bytes: Array(repeating: UInt8(bytes.count & 0xFF), count: 16)) else {
        return
    }
    for email in [nil, first[0], first[1]] {
        let principal = Principal(id: id, username: first[0], email: email, groups: groups)
        let packed = PackedPrincipal(principal)
        try promise(isSame(packed.principal, principal), "\(principal)")
        let copy = PackedPrincipal(
            id: id,
            usernameCount: packed.usernameCount,
            emailField: packed.emailField,
            groupsCount: packed.groupsCount
        ) { packed.word(at: $0) }
        try promise(isSame(copy.principal, principal), "by words: \(principal)")
        let joined = groups.map { Array($0.utf8) }.joined(separator: [UInt8(ascii: ",")])
        try promise(packed.groups(joinedBy: UInt8(ascii: ",")) == Array(joined), "the groups")
        for group in groups {
            try promise(packed.isInAny(of: [Array(group.utf8)]), "in \(group)")
        }
        try promise(!packed.isInAny(of: [Array("not\u{1F}there".utf8)]), "in no other group")
    }
}

/// Byte for byte: `String` takes canonically equivalent texts for equal.
private func isSame(_ left: Principal, _ right: Principal) -> Bool {
    left.id == right.id && left.username.utf8.elementsEqual(right.username.utf8)
        && (left.email == nil) == (right.email == nil)
        && (left.email ?? "").utf8.elementsEqual((right.email ?? "").utf8)
        && left.groups.count == right.groups.count
        && zip(left.groups, right.groups).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
}

/// A hash that is taken over costs what is allowed, and comparing a password with it ends.
func fuzzPasswordHash(_ bytes: [UInt8]) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    let hash = PasswordHash(text: text)
    guard hash.refusal == nil else { return }
    // Every hash that is read costs by one of the numbers in it.
    let numbers = text.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
    let isBcrypt = text.hasPrefix("$2")
    switch try StoredHash(hash) {
    case .argon2(let argon2):
        try promise(argon2.text == text, "one text for each hash")
        let cost = argon2.cost.memoryKiB * argon2.cost.passes
        try promise(cost <= 8 * HashingCost.foreignMemory, "memory and passes")
    case .crypt:
        if isBcrypt { try promise(numbers.count > 1 && numbers[1] <= 14, "the cost of bcrypt") }
    case .apache, .scrypt, .pbkdf2: break
    }
    // What is cheap is compared, so that the libraries below see the salts and digests.
    let field = text.split(separator: "$").dropFirst().prefix(2).joined(separator: "$")
    let costs = field.split { !("0"..."9").contains($0) }.compactMap { Int($0) }
    guard costs.allSatisfy({ $0 <= (isBcrypt || text.hasPrefix("$scrypt") ? 4 : 64) }) else {
        return
    }
    _ = try? StoredHash(hash).matches(Password("fuzz"))
}
