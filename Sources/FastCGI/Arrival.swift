/// A connection on which a worker is to serve one request.
struct Arrival {
    let socket: CInt
    /// Whether it was just accepted, and has served none before.
    let isNew: Bool
}
