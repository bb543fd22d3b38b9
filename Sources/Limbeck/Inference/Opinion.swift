/// What the exits so far have said of a sequence.
struct Opinion {
    /// The label of the last exit, and its logit.
    var label: Int32 = -1
    var value: Float = 0
    /// Exits in a row that agree with the one before.
    var agreeing: Int32 = 0
    var hasLeft = false
}
