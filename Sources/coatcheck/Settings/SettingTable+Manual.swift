extension SettingTable {
    /// The settings as items of a list in mdoc (mdoc(7)), for coatcheck.yaml(5).
    package static var manual: String {
        all.map { setting in
            """
            .It Ic \(literal(setting.key))
            \(prose(setting.text + setting.restartNote))
            .Pp
            .Ev \(setting.variable) ;
            default
            .Ql "\(literal(setting.standard.yaml))" ;
            \(prose(setting.allowed)).

            """
        }.joined()
    }

    /// Text of which every character stands for itself, as the argument of a macro.
    ///
    /// A bare minus may be shown as a hyphen, which cannot be pasted into a settings file.
    private static func literal(_ text: String) -> String {
        escaped(text, ["\\": "\\e", "\"": "\\(dq", "-": "\\-", "'": "\\(aq"])
    }

    /// Text with a line for each sentence, as mdoc asks for.
    ///
    /// A line that begins with a dot or a quote would be a request.
    private static func prose(_ text: String) -> String {
        escaped(text, ["\\": "\\e"]).replacing(". ", with: ".\n").split(separator: "\n")
            .map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&" + $0 : $0 }
            .joined(separator: "\n")
    }

    private static func escaped(_ text: String, _ escapes: [Character: String]) -> String {
        text.map { escapes[$0] ?? String($0) }.joined()
    }
}
