#if SharedEngines
import Sessions
import Testing

@testable import SharedStorage

@Suite struct PostgreSQLURLTests {
    @Test func `hosts of a URL are told apart`() throws {
        let url = try PostgreSQLURL(
            "postgres://ada:p%40ss@one:5001,two:5002/site?sslmode=require"
        )
        #expect(url.hosts.map { $0["host"] } == ["one", "two"])
        #expect(url.hosts.map { $0["port"] } == ["5001", "5002"])
        #expect(url.hosts.allSatisfy { $0["password"] == "p@ss" && $0["sslmode"] == "require" })
        #expect(url.hosts.allSatisfy { $0["application_name"] == "coatcheck" })
    }

    @Test func `a socket's folder and options of one's own are kept`() throws {
        let text = "postgresql:///site?host=/run/postgresql&options=-c%20search_path%3Dsite"
        let url = try PostgreSQLURL(text)
        #expect(url.hosts.count == 1)
        #expect(url.hosts[0]["host"] == "/run/postgresql")
        #expect(url.hosts[0]["options"]?.hasSuffix(" -c search_path=site") == true)
    }

    @Test(arguments: [
        "", "host=localhost password=s3cret", "mysql://ada:s3cret@host/site",
        "postgresql://ada:s3cret@host:port/site", "postgresql://ada:s3/cret@host/site",
        "postgresql://ada:s3c@ret@host/site", "postgresql://ada:s3cret@host/site?s3cret=1",
        "postgresql://ada:s3cret@host/site?sslmode", "postgresql://ada:s3%zzcret@host/site",
        "postgresql://ada:1/s3cret@host/site",
        "postgresql://ada:s3cret@a:1,b:2/site?hostaddr=::1",
        "postgresql://ada:s3cret@[host/site",
    ])
    func `a URL that cannot be right is refused without being quoted`(_ text: String) throws {
        let error = #expect(throws: StorageError.self) { try PostgreSQLURL(text) }
        #expect(error?.cause.code == "settings")
        #expect(error?.cause.detail.contains("s3c") == false)
        #expect(error?.cause.detail.contains("ret") == false)
    }
}
#endif
