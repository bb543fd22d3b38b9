#if SentencePiece
    /// ALBERT's files have pieces such as "9,", and its tokenizers do not use them: "9,9" is "9", "," and "9". The one that AutoTokenizer
    /// gives takes 100 from their scores (AlbertConverter in transformers/convert_slow_tokenizer.py), and so do we, before
    /// libsentencepiece has the file.
    enum NumberCommas {
        private static let penalty: Float = 100

        /// A file that `SentencePieceCheck` has passed, with those scores.
        static func lowered(_ file: UnsafeRawBufferPointer) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(file.count)
            var reader = ProtobufReader(file)
            while !reader.isAtEnd {
                let start = reader.position
                guard let field = reader.next() else { break }
                if case (1, .bytes(let message)) = (field.number, field.value),
                    let piece = SentencePieceMessage(message), endsSo(piece.text)
                {
                    // The last score counts.
                    let score = (piece.score - penalty).bitPattern
                    appendLengthDelimited(1, message.count + 5, to: &bytes)
                    bytes.append(contentsOf: message)
                    bytes.append(2 << 3 | 5)
                    for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: score >> shift)) }
                } else {
                    bytes.append(contentsOf: file[start..<reader.position])
                }
            }
            return bytes
        }

        /// A digit and a comma at the end. What is a digit to Python's isdigit() and what is a number here are not all the same, but the
        /// numbers of pieces are.
        private static func endsSo(_ text: UnsafeRawBufferPointer) -> Bool {
            text.withMemoryRebound(to: UInt8.self) { text in
                guard text.count > 1, text.last == UInt8(ascii: ","), let first = text.baseAddress else { return false }
                return ScalarRecord(UTF8Reader.read(first, before: text.count - 1).scalar).isNumber
            }
        }

        private static func appendLengthDelimited(_ number: UInt8, _ length: Int, to bytes: inout [UInt8]) {
            bytes.append(number << 3 | 2)
            var rest = length
            while rest >= 0x80 {
                bytes.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
    }
#endif
