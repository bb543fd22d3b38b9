import CFuzz
import CPlatform
import Limbeck

/// A GGUF file. What opens has tensors whose every byte can be read; a tokenizer in it cuts any
/// text, and a model embeds it.
///
/// The input is the file, or all up to the tensors' data: so that the fuzzer need not keep many
/// bytes, what the tensors lack is filled with the input's last ones.
func fuzzGGUF(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeRawBufferPointer(start: data, count: count))
    fuzz_limit(64 << 20)
    defer { fuzz_clear() }
    let bytes = completed(input)
    file("g/x.gguf", bytes)
    withExactCopy(bytes) { bytes in
        do throws(LimbeckError) {
            for tensor in try GGUFFile(bytes, file: "x.gguf").tensors { walk(tensor) }
        } catch {
            check(opening: error)
        }
    }
    let text = "The runner, \u{4E2D} [MASK] of caf\u{E9} unruns"
    do throws(LimbeckError) {
        let tokenizer = try Tokenizer(path: "g")
        withExactCopy(Array(text.utf8)) { text in
            _ = TokenizerCheck(tokenizer: tokenizer, tidy: false).run(
                text, text, special: true, maxLength: 7)
        }
    } catch {
        check(opening: error)
    }
    let model: Model
    do throws(LimbeckError) {
        model = try Model(path: "g")
    } catch {
        check(opening: error)
        return 0
    }
    guard model.layers <= 16, model.hiddenSize <= 1024, model.tokenizer != nil else { return 0 }
    do throws(LimbeckError) {
        let session = try Session(model, options: SessionOptions(threads: 1, maxTokens: 24))
        expect(try session.embed([text, ""]).count == 2, "too few vectors")
    } catch {
        expect(error.status == .outOfMemory, "a model that opened fails: \(error.message)")
    }
    return 0
}

/// The input, and after it as many bytes as its tensors lack: the message of a file that is too
/// long says by how much.
private func completed(_ input: [UInt8]) -> [UInt8] {
    let pattern = Array(input.suffix(29)) + [0]
    let long = input + (0..<1 << 16).map { pattern[$0 % pattern.count] }
    var excess: Int?
    withExactCopy(long) { bytes in
        do throws(LimbeckError) {
            _ = try GGUFFile(bytes, file: "x.gguf")
        } catch {
            let numbers = error.message.split { !$0.isNumber }.compactMap { Int($0) }
            if error.message.contains("the tensors end at"), numbers.count == 2 {
                excess = numbers[1] - numbers[0]
            }
        }
    }
    return excess.map { long.dropLast($0) } ?? input
}

private func walk(_ tensor: StoredTensor) {
    var sum = 0
    for byte in tensor.bytes { sum &+= Int(byte) }
    expect(sum >= 0, "bytes below 0")
}
