#if SharedEngines
import Sessions
import Testing

@testable import SharedStorage

@Suite struct PostgreSQLSchemaTests {
    let schema: TestSchema

    init() throws {
        schema = try TestSchema()
    }

    @Test func `the tables are made once`() throws {
        let connection = try schema.connect()
        #expect(try PostgreSQLSchema.version(connection) == nil)
        try PostgreSQLSchema.bringUpToDate(connection)
        #expect(try PostgreSQLSchema.version(connection) == PostgreSQLSchema.version)
        try PostgreSQLSchema.bringUpToDate(connection)
        #expect(try connection.ask("SELECT version FROM coatcheck_schema").count == 1)
    }

    @Test(.timeLimit(.minutes(10)))
    func `of many machines that start together each finds the tables`() async throws {
        let url = try PostgreSQLURL(schema.url)
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let connection = try PostgreSQLClient(url: url).connect()
                    defer { connection.close() }
                    try PostgreSQLSchema.bringUpToDate(connection)
                }
            }
            try await group.waitForAll()
        }
        #expect(try schema.connect().ask("SELECT version FROM coatcheck_schema").count == 1)
    }

    @Test func `tables of a newer version are refused and left alone`() throws {
        try PostgreSQLSchema.bringUpToDate(schema.connect())
        try schema.run("UPDATE coatcheck_schema SET version = 99")
        let error = #expect(throws: StorageError.self) {
            try PostgreSQLSchema.bringUpToDate(schema.connect())
        }
        #expect(error?.cause.code == "schema")
        #expect(error?.cause.detail.contains("newer") == true)
    }

    @Test func `tables of another program are refused and left alone`() throws {
        try schema.run("CREATE TABLE users (name text)")
        let error = #expect(throws: StorageError.self) {
            try PostgreSQLSchema.bringUpToDate(schema.connect())
        }
        #expect(error?.cause.code == "schema")
        #expect(error?.cause.detail.contains("another program") == true)
        let connection = try schema.connect()
        #expect(try PostgreSQLSchema.version(connection) == nil)
        #expect(try connection.ask("SELECT name FROM users").count == 0)
    }

    @Test func `other tables beside ours do no harm`() throws {
        try schema.run("CREATE TABLE visitors (name text)")
        try PostgreSQLSchema.bringUpToDate(schema.connect())
        #expect(try PostgreSQLSchema.version(schema.connect()) == PostgreSQLSchema.version)
    }

    @Test func `a search path without a schema is said`() throws {
        let url = try PostgreSQLURL(schema.url)
            .with(["options": "-c search_path=no_such_schema"])
        let connection = try PostgreSQLClient(url: url).connect()
        let error = #expect(throws: StorageError.self) {
            try PostgreSQLSchema.bringUpToDate(connection)
        }
        #expect(error?.cause.code == "schema")
        #expect(connection.isUsable)
    }
}
#endif
