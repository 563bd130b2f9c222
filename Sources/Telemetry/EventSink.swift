/// Receives events.
///
/// It must not block for long: it is called by workers.
package typealias EventSink = @Sendable (Event) -> Void
