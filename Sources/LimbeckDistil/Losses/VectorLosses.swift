import KernelInterface
import Limbeck

// Losses of texts' vectors.

extension LossContext {
    func vectorTerms(_ vector: VectorLoss, _ loss: Loss, weight: Float) -> [Term] {
        guard let t = teacherVectors(isNormalized: vector.isNormalized) else { return [] }
        let distance: StateLoss.Distance = if case .cosine = vector.distance { .cosine } else { .squared }
        var value = 0.0
        if vector.prefixes.isEmpty {
            var s = student.vectors(tape, batch, states, isNormalized: vector.isNormalized)
            s = projected(s, vector.projection, number: nil)
            value = self.distance(s, t, distance, weight: weight * share)
        } else {
            let s = student.vectors(tape, batch, states, isNormalized: false)
            for prefix in vector.prefixes {
                // The student's prefix has length 1, the teacher's is cut and stays as it is.
                let own = UnitLengthOperation(tape, s, first: prefix.size).out
                let cut = Variable(rows: t.rows, width: prefix.size, stride: t.stride, value: t.value, needsGradient: false)
                value += Double(prefix.weight) * self.distance(own, cut, distance, weight: weight * share * prefix.weight)
            }
        }
        return [Term(name: loss.name, value: value, weight: Double(weight))]
    }

    private func teacherVectors(isNormalized: Bool?) -> Variable? {
        guard let teacher else { return nil }
        return unrecorded {
            guard let stored = storedRows else {
                return teacherStates.map { teacher.vectors(tape, batch, $0, isNormalized: isNormalized) }
            }
            let makesUnit = isNormalized ?? (teacher.parts.vector.trailingUnitLengths > 0)
            return makesUnit ? UnitLengthOperation(tape, stored).out : stored
        }
    }

    /// Scores of a group: its first text is the query.
    func rankingTerms(_ ranking: RankingLoss, _ loss: Loss, weight: Float) -> [Term] {
        let raw = student.vectors(tape, batch, states, isNormalized: ranking.isNormalized)
        let given = targets.scores.isEmpty ? teacherScores(ranking) : preparedScores(ranking)
        var value = 0.0
        for prefix in ranking.prefixes.isEmpty ? [Prefix(size: raw.width, weight: 1)] : ranking.prefixes {
            let x = ranking.isCosine || prefix.size < raw.width ? UnitLengthOperation(tape, raw, first: prefix.size).out : raw
            let own = weight * share * prefix.weight
            let part =
                switch ranking.kind {
                case .marginSquared: margins(x, given, weight: own)
                case .multipleNegatives(let scale): multipleNegatives(x, scale: scale, weight: own)
                case .kl(let temperature): groupDivergence(x, given, temperature: temperature, weight: own)
                }
            value += Double(prefix.weight) * part
        }
        return [Term(name: loss.name, value: value, weight: Double(weight))]
    }

    /// The teacher's scores of each group: one for each text after the query, or the margins of the first of them over the others.
    private struct Scores {
        var values: [Float] = []
        var starts: [Int] = []
    }

    /// Those of the data, which has one for each text after the query, or margins. Softmax does not see a constant, so that either gives
    /// the other.
    private func preparedScores(_ ranking: RankingLoss) -> Scores {
        let isMargin = if case .marginSquared = ranking.kind { true } else { false }
        var scores = Scores()
        for group in 0..<groups {
            let start = targets.scoreStarts[group], end = group + 1 < groups ? targets.scoreStarts[group + 1] : targets.scores.count
            let own = targets.scores[start..<end], hasMargins = own.count < texts(group).count - 1
            scores.starts.append(scores.values.count)
            switch (isMargin, hasMargins) {
            case (true, true), (false, false): scores.values += own
            case (true, false): for score in own.dropFirst() { scores.values.append(targets.scores[start] - score) }
            case (false, true):
                scores.values.append(0)
                for margin in own { scores.values.append(-margin) }
            }
        }
        return scores
    }

    /// By the vectors of the teacher, compared as the student's are.
    private func teacherScores(_ ranking: RankingLoss) -> Scores {
        if case .multipleNegatives = ranking.kind { return Scores() }
        guard let vectors = teacherVectors(isNormalized: ranking.isNormalized) else { return Scores() }
        let x = ranking.isCosine ? unrecorded { UnitLengthOperation(tape, vectors).out } : vectors
        var scores = Scores()
        guard !tape.isMeasuring else { return scores }
        for group in 0..<groups {
            let texts = texts(group), query = texts.lowerBound
            scores.starts.append(scores.values.count)
            if case .marginSquared = ranking.kind {
                let right = score(x, query, query + 1)
                for text in texts.dropFirst(2) { scores.values.append(right - score(x, query, text)) }
            } else {
                for text in texts.dropFirst() { scores.values.append(score(x, query, text)) }
            }
        }
        return scores
    }

    private var groups: Int { targets.groupStarts.count - 1 }

    private func texts(_ group: Int) -> Range<Int> { targets.groupStarts[group]..<targets.groupStarts[group + 1] }

    /// Adds the gradient of a score of two rows: dx_i += g x_j, dx_j += g x_i.
    private func add(_ x: Variable, _ gradient: UnsafeMutablePointer<Float>, _ i: Int, _ j: Int, _ g: Float) {
        tape.gradients.add(x.value + j * x.stride, gradient + i * x.stride, x.width, g)
        tape.gradients.add(x.value + i * x.stride, gradient + j * x.stride, x.width, g)
    }

    private func score(_ x: Variable, _ i: Int, _ j: Int) -> Float {
        tape.gradients.dot(x.value + i * x.stride, x.value + j * x.stride, x.width)
    }

    /// The mean over groups and negatives of ((q . p - q . n) - margin)^2.
    private func margins(_ x: Variable, _ given: Scores, weight: Float) -> Double {
        let gradient = tape.gradient(of: x)
        var count = 0
        for group in 0..<groups { count += texts(group).count - 2 }
        guard count > 0 else { return 0 }
        return sum(groups) { group, _ in
            let texts = texts(group), query = texts.lowerBound
            var value = 0.0
            for negative in texts.dropFirst(2) {
                let place = given.starts[group] + negative - query - 2
                let difference = score(x, query, query + 1) - score(x, query, negative) - given.values[place]
                let g = 2 * weight * difference / Float(count)
                add(x, gradient, query, query + 1, g)
                add(x, gradient, query, negative, -g)
                value += Double(difference) * Double(difference)
            }
            return value
        } / Double(count)
    }

    /// Cross entropy of each query over all positives, then all first negatives, all second ones and so on.
    private func multipleNegatives(_ x: Variable, scale: Float, weight: Float) -> Double {
        let gradient = tape.gradient(of: x)
        var documents: [Int] = []
        let most = (0..<groups).map { texts($0).count }.max() ?? 0
        for place in 1..<max(2, most) {
            for group in 0..<groups where place < texts(group).count { documents.append(texts(group).lowerBound + place) }
        }
        let stride = documents.count.roundedUp(to: 16), mark = tape.arena.mark
        let scores = tape.arena.take(Float.self, groups * stride)
        let value =
            sum(groups, scratch: stride) { group, e in
                let row = scores + group * stride, query = texts(group).lowerBound
                for (place, document) in documents.enumerated() { row[place] = scale * score(x, query, document) }
                let (shift, total) = tape.gradients.exponentials(row, e, documents.count, 1)
                let value = logarithm(Double(total)) + Double(shift) - Double(row[group])
                for place in 0..<documents.count {
                    row[place] = weight * scale / Float(groups) * (e[place] / total - (place == group ? 1 : 0))
                }
                return value
            } / Double(groups)
        // Documents share gradients, so they are added in order.
        tape.each(1) { _, _ in
            for group in 0..<groups {
                for (place, document) in documents.enumerated() {
                    add(x, gradient, texts(group).lowerBound, document, scores[group * stride + place])
                }
            }
        }
        tape.arena.release(to: mark)
        return value
    }

    /// The mean over groups of T^2 KL(softmax(teacher's scores / T) || softmax(scores / T)).
    private func groupDivergence(_ x: Variable, _ given: Scores, temperature: Float, weight: Float) -> Double {
        let gradient = tape.gradient(of: x), most = (0..<groups).map { texts($0).count }.max() ?? 0
        let room = most.roundedUp(to: 16)
        return sum(groups, scratch: 3 * room) { group, scratch in
            let texts = texts(group), query = texts.lowerBound, count = texts.count - 1
            let (row, ps, pt) = (scratch, scratch + room, scratch + 2 * room)
            for place in 0..<count { row[place] = score(x, query, query + 1 + place) }
            return given.values.withUnsafeBufferPointer { scores in
                guard let start = scores.baseAddress else { return 0 }
                let teacher = start + given.starts[group]
                let (_, sumS) = tape.gradients.exponentials(row, ps, count, 1 / temperature)
                let (_, sumT) = tape.gradients.exponentials(teacher, pt, count, 1 / temperature)
                for place in 0..<count {
                    let g = weight * temperature / Float(groups) * (ps[place] / sumS - pt[place] / sumT)
                    add(x, gradient, query, query + 1 + place, g)
                }
                let value = RowDivergence(row, teacher, count, temperature: Double(temperature)).kl
                return value * Double(temperature) * Double(temperature)
            }
        } / Double(groups)
    }
}
