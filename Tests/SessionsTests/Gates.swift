@testable import Sessions

/// A place inside a call to storage at which a test can hold it back.
struct Point: Hashable, Sendable {
    /// The calls of `SessionStorage` that can be held or made to fail.
    enum Call: Hashable, Sendable {
        case insert, replace, find, list, touch, remove, removeAll, removeExpired, ended
    }

    /// Whether the call has had its effect, or taken its picture, already.
    enum Moment: Hashable, Sendable {
        case before, after
    }

    let call: Call
    let moment: Moment

    /// The call has come in and done nothing yet.
    static func before(_ call: Call) -> Point { Point(call: call, moment: .before) }

    /// The call has done what it does and its answer is still on the way.
    static func after(_ call: Call) -> Point { Point(call: call, moment: .after) }
}

/// Gates at which chosen calls wait; every other call passes.
actor Gates {
    private var catching: [Point: Int] = [:]
    private var held: [Point: [CheckedContinuation<Void, Never>]] = [:]
    private var watchers: [Point: [CheckedContinuation<Void, Never>]] = [:]

    /// Makes the next `count` calls wait when they come to a point.
    func hold(_ point: Point, next count: Int = 1) {
        catching[point, default: 0] += count
    }

    /// Lets go what waits at a point, and catches nothing more there.
    func release(_ point: Point) {
        catching[point] = nil
        for call in held.removeValue(forKey: point) ?? [] { call.resume() }
    }

    /// Returns once a call waits at a point.
    func arrival(at point: Point) async {
        if held[point]?.isEmpty == false { return }
        await withCheckedContinuation { watchers[point, default: []].append($0) }
    }

    /// Waits when the call is one of those to hold back.
    func pass(_ point: Point) async {
        guard let count = catching[point], count > 0 else { return }
        catching[point] = count - 1
        await withCheckedContinuation { call in
            held[point, default: []].append(call)
            for watcher in watchers.removeValue(forKey: point) ?? [] { watcher.resume() }
        }
    }
}
