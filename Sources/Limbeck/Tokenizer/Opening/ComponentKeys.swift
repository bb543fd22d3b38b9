/// The supported components of a tokenizer.json, and their members, all of which change how a text is tokenised.
///
/// `TokenizerComponent.type()`, which every reader of a component calls first, checks against this list: a component that is not in
/// it, or has a member that is not in it, cannot be read.
package enum ComponentKeys {
    /// One line per type: its name, and its members; those after a hyphen are redundant.
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

    /// Each is a type followed by its members.
    package static var all: [[String]] {
        Words(lines: lines).map { Words($0).map { String(utf8: $0) } }
    }

    /// Refuses an unknown type, and an unknown member that requests something.
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
