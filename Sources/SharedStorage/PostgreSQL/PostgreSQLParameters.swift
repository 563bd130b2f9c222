internal import CPostgreSQL
internal import Storage

/// The values for the parameters of a statement, in the form that libpq takes them.
///
/// Numbers go as text, so that they are whatever the statement takes them for. Text and bytes go as
/// they are. Text in PostgreSQL cannot hold U+0000: such text equals nothing that is stored, and is
/// sent as null.
struct PostgreSQLParameters {
    private var bytes: [UInt8] = []
    private var starts: [Int?] = []
    private var lengths: [CInt] = []
    private var formats: [CInt] = []

    init(_ values: [SQLValue]) {
        for value in values {
            switch value {
            case .null: add(nil, isBinary: false)
            case .integer(let number): add(Array("\(number)".utf8), isBinary: false)
            case .text(let text):
                let units = Array(text.utf8)
                add(units.contains(0) ? nil : units, isBinary: true)
            case .bytes(let bytes): add(bytes, isBinary: true)
            }
        }
    }

    private mutating func add(_ value: [UInt8]?, isBinary: Bool) {
        starts.append(value == nil ? nil : bytes.count)
        lengths.append(CInt(value?.count ?? 0))
        formats.append(isBinary ? 1 : 0)
        bytes += value ?? []
        // Numbers end as C strings do.
        bytes.append(0)
    }

    /// Queues a prepared statement in libpq; answers come in the binary format.
    func send(_ statement: String, to raw: OpaquePointer) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            let values = unsafe starts.map { start -> UnsafePointer<CChar>? in
                guard let start, let base = bytes.baseAddress else { return nil }
                return unsafe (base + start).assumingMemoryBound(to: CChar.self)
            }
            return unsafe PQsendQueryPrepared(
                raw,
                statement,
                CInt(values.count),
                values,
                lengths,
                formats,
                1
            ) == 1
        }
    }
}
