import Testing

@testable import Sessions

@Suite(.timeLimit(.minutes(10)))
struct PublicIDTests {
    static let example: [UInt8] = Array(240...255)
    static let exampleText = "8PHy8_T19vf4-fr7_P3-_w"

    @Test func `text and bytes name the same id`() throws {
        let id = try #require(PublicID(bytes: PublicIDTests.example))
        #expect(id.text == PublicIDTests.exampleText)
        #expect(id.bytes == PublicIDTests.example)
        #expect(PublicID(text: PublicIDTests.exampleText) == id)
        #expect("\(id)" == PublicIDTests.exampleText)
    }

    @Test func `an id drawn at random survives both ways and is not drawn twice`() {
        var seen: Set<PublicID> = []
        for _ in 0..<500 {
            let id = PublicID.random()
            #expect(id.text.utf8.count == 22)
            #expect(PublicID(text: id.text) == id)
            #expect(PublicID(bytes: id.bytes) == id)
            seen.insert(id)
        }
        #expect(seen.count == 500)
    }

    @Test func `no id drawn at random looks like an option of a command`() {
        #expect((0..<2000).allSatisfy { _ in !PublicID.random().text.hasPrefix("-") })
    }

    @Test func `ids that differ in one bit differ`() throws {
        let zero = [UInt8](repeating: 0, count: 16)
        let id = try #require(PublicID(bytes: zero))
        for bit in 0..<128 {
            var bytes = zero
            bytes[bit / 8] = 1 << UInt8(bit % 8)
            let other = try #require(PublicID(bytes: bytes))
            #expect(other != id)
            #expect(other.bytes == bytes)
        }
    }

    @Test(arguments: [
        "", "8PHy8_T19vf4-fr7_P3-_", "8PHy8_T19vf4-fr7_P3-_w8", "8PHy8_T19vf4-fr7_P3-_w==",
        "8PHy8/T19vf4+fr7/P3+/w", "8PHy8_T19vf4-fr7_P3-_x", " PHy8_T19vf4-fr7_P3-_w",
        "8PHy8_T19vf4-fr7_P3-_\u{0}", "8PHy8_T19vf4-fr7_P3é", "éPHy8_T19vf4-fr7_P3-w",
        "../../../../etc/passwd",
    ])
    func `text that is not 22 characters of base64url is refused`(text: String) {
        #expect(PublicID(text: text) == nil)
    }

    @Test(arguments: [0, 1, 15, 17, 32])
    func `any other number of bytes is refused`(count: Int) {
        #expect(PublicID(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }
}
