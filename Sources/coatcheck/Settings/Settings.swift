/// The settings in force: the defaults, over them the file, over that the credentials that systemd
/// passes, over those the environment.
package struct Settings: Sendable {
    private var values: [String: RawSetting]

    /// Reads the settings.
    ///
    /// - Throws: for an unknown key, a key that is given twice, or a value that is not allowed,
    ///   with the place, the key, and what is allowed.
    package init(
        file: String?,
        credentials: String? = nil,
        environment: [String: String]
    ) throws(SettingsError) {
        var values: [String: RawSetting] = [:]
        if let file {
            for (key, raw) in try SettingsFile.read(file) {
                guard let setting = SettingTable.all.first(where: { $0.key == key }) else {
                    throw .unknownKey(key, in: file)
                }
                guard values[key] == nil else { throw .repeatedKey(key, in: file) }
                guard setting.accepts(raw) else {
                    throw .badValue(key, in: file, allowed: setting.allowed)
                }
                values[key] = raw
            }
        }
        if let credentials {
            for setting in SettingTable.all {
                guard let text = try Credentials.read(setting.key, in: credentials) else {
                    continue
                }
                values[setting.key] = try Settings.value(
                    text,
                    of: setting,
                    named: setting.key,
                    in: credentials
                )
            }
        }
        for (variable, text) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix("COATCHECK_") {
            guard let setting = SettingTable.all.first(where: { $0.variable == variable }) else {
                throw .unknownKey(variable, in: "the environment")
            }
            values[setting.key] = try Settings.value(
                text,
                of: setting,
                named: variable,
                in: "the environment"
            )
        }
        self.values = values
        try checkTogether()
    }

    /// Reads a value that was given as text.
    private static func value(
        _ text: String,
        of setting: any AnySetting,
        named name: String,
        in place: String
    ) throws(SettingsError) -> RawSetting {
        let raw =
            SettingTable.isMapping(setting.key)
            ? try SettingsFile.value(text, of: name, in: place) : .scalar(text)
        guard setting.accepts(raw) else {
            throw .badValue(name, in: place, allowed: setting.allowed)
        }
        return raw
    }

    // MARK: reading again

    /// The keys of settings that differ and that a running server cannot change.
    package func needingRestart(to new: Settings) -> [String] {
        SettingTable.all.filter { !$0.isReloadable && raw($0) != new.raw($0) }.map(\.key)
    }

    /// These settings, with those that a running server cannot change as they are in `old`.
    package func keepingFixed(of old: Settings) -> Settings {
        var settings = self
        for setting in SettingTable.all where !setting.isReloadable {
            settings.values[setting.key] = old.values[setting.key]
        }
        return settings
    }

    private func raw(_ setting: any AnySetting) -> RawSetting {
        values[setting.key] ?? setting.standard
    }

    /// The value of a setting.
    package subscript<Value>(setting: Setting<Value>) -> Value {
        guard let value = setting.read(values[setting.key] ?? setting.standard) else {
            preconditionFailure("\(setting.key) was checked when it was read")
        }
        return value
    }

    /// The settings in force as YAML, in the order of the table, secrets left out.
    package var dump: String {
        SettingTable.all.map { setting in
            "\(setting.key): \(Settings.shown(raw(setting), isSecret: setting.isSecret))\n"
        }.joined()
    }

    /// A value as it may be shown; that a secret is not set is none.
    static func shown(_ value: RawSetting, isSecret: Bool) -> String {
        isSecret && value != .scalar("") ? "\"<secret>\"" : value.yaml
    }

    /// Refuses what only makes no sense together.
    private mutating func checkTogether() throws(SettingsError) {
        let pairs: [(Setting<Int64>, Setting<Int64>)] = [
            (.sessionIdle, .sessionAbsolute), (.sessionRememberIdle, .sessionRememberAbsolute),
        ]
        for (idle, absolute) in pairs where self[idle] > self[absolute] {
            // A default gives way to a limit that was set shorter, also in the dump.
            guard values[idle.key] != nil else {
                values[idle.key] = values[absolute.key]
                continue
            }
            throw .badValue(
                idle.key,
                in: "the settings",
                allowed: "at most \(absolute.key)"
            )
        }
        if self[.cookieName] == self[.cookieDeviceName] {
            throw .badValue(
                Setting.cookieDeviceName.key,
                in: "the settings",
                allowed: "another name than cookie.name"
            )
        }
        if !self[.sessionsURL].isEmpty, self[.storageURL].isEmpty {
            throw .badValue(
                Setting.sessionsURL.key,
                in: "the settings",
                allowed: "empty without storage.url: accounts in a file of one machine and "
                    + "sessions that several share do not go together"
            )
        }
    }
}

/// What is wrong with the settings.
package enum SettingsError: Error, Hashable {
    /// The file cannot be read, or is no YAML as it must be.
    case unreadable(file: String, reason: String)
    /// There is no such setting.
    case unknownKey(String, in: String)
    /// A setting is given twice.
    case repeatedKey(String, in: String)
    /// A value is not allowed.
    case badValue(String, in: String, allowed: String)
}

extension SettingsError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): \(reason)"
        case .unknownKey(let key, let place):
            "\(place): there is no setting \(key); `coatcheck config example` lists them"
        case .repeatedKey(let key, let place): "\(place): \(key) is given twice"
        case .badValue(let key, let place, let allowed): "\(place): \(key) must be \(allowed)"
        }
    }
}
