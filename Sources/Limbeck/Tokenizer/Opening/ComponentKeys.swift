/// The components of a tokenizer.json that are read, and their members, which all change what becomes of a text.
///
/// `TokenizerComponent.type()`, with which every reader of a component begins, looks here: a component that is not in the list cannot be
/// read, and neither can one with a member more than it has here.
package enum ComponentKeys {
    /// A line for a type: it, and its members; those after a hyphen repeat another.
    private static let lines: StaticString = """
        BertNormalizer clean_text handle_chinese_chars lowercase strip_accents
        Lowercase
        NFC
        NFD
        NFKC
        NFKD
        Nmt
        Precompiled precompiled_charsmap
        Prepend prepend
        Replace content pattern
        Strip strip_left strip_right
        StripAccents
        BertPreTokenizer
        Digits individual_digits
        Punctuation behavior
        Whitespace
        ByteLevel add_prefix_space trim_offsets use_regex
        Metaspace add_prefix_space prepend_scheme replacement split - str_rep
        Split behavior invert pattern
        WhitespaceSplit
        Sequence normalizers pretokenizers processors
        BPE byte_fallback continuing_subword_prefix dropout end_of_word_suffix fuse_unk ignore_merges merges unk_token vocab
        Unigram byte_fallback unk_id vocab
        WordPiece continuing_subword_prefix max_input_chars_per_word unk_token vocab
        BertProcessing cls sep
        RobertaProcessing add_prefix_space cls sep trim_offsets
        TemplateProcessing pair single special_tokens
        """

    /// Each a type and its members.
    package static var all: [[String]] {
        Words(lines: lines).map { Words($0).map { String(utf8: $0) } }
    }

    /// Refuses what is not known: the type, or a member that asks for something.
    @inline(never) static func check(_ part: TokenizerComponent, type: String) throws(LimbeckError) {
        for line in Words(lines: lines) {
            var words = Words(line)
            guard let first = words.next(), type.hasSameBytes(as: UnsafeRawBufferPointer(rebasing: first)) else { continue }
            for (name, value) in part.value.members where !(name == "type") && !value.asksForNothing {
                guard words.contains(where: { name.hasSameBytes(as: UnsafeRawBufferPointer(rebasing: $0)) }) else {
                    throw LimbeckError(
                        .fileUnsupported, "\(part.file): \(name.shown) of \(part.key) is not known and may change answers")
                }
            }
            return
        }
        throw part.unsupported(type)
    }
}
