import Glibc
internal import Storage

extension BackupFailure {
    /// The failure in words, for the operator; `subject` is the database that was read.
    func words(subject: String) -> String {
        switch self {
        case .noDatabase: "there is no database at \(subject), or it is out of reach"
        case .exists(let path): "\(path) is there already"
        case .isDatabase(let path): "\(path) is a place of the database itself"
        case .noFile(let path): "\(path) is no file"
        case .busy(let path): "another run is writing \(path) now"
        case .hasLog(let path): "\(path) holds changes that the file beside it lacks"
        case .foreign: "\(subject) is no database of Coatcheck"
        case .damaged(let reason): "\(subject) is damaged: \(reason)"
        case .system(let path, let number):
            unsafe "\(path): \(String(cString: strerror(number)))"
        case .storage(let error): "cannot use \(subject): \(error.reason)"
        }
    }
}
