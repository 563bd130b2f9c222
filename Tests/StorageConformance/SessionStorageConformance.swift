/// What every conformer of `SessionStorage` does, promise by promise.
package enum SessionStorageConformance {
    /// All cases, in the order of the promises.
    package static let cases: [ConformanceCase] =
        insertion + lookingUp + ending + durability + replacement + expiry
        + memory + listing + races
}
