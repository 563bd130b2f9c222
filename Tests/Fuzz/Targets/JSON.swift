import Foundation
import HTTP

/// What is read is written and read again as the same, and is JSON to another reader too.
func fuzzJSON(_ bytes: [UInt8]) throws {
    guard let value = try? JSON(parsing: bytes) else { return }
    let text = value.serialized()
    try promise(try JSON(parsing: text) == value, "read again")
    try promise(try JSON(parsing: text).serialized() == text, "written again")
    for data in [bytes, text] {
        let other = try? JSONSerialization.jsonObject(with: Data(data), options: .fragmentsAllowed)
        try promise(other != nil, "JSON to Foundation")
    }
}
