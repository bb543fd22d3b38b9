extension KeyTable {
    static let tokenizerConfig = KeyTable(
        alarming: "",
        [
            .obeyed(
                "tokenizer_class do_lower_case strip_accents tokenize_chinese_chars add_prefix_space trim_offsets model_max_length"),
            .obeyed("unk_token sep_token cls_token mask_token pad_token bos_token eos_token"),
            .obeyed("added_tokens_decoder"),
        ])

    static let specialTokensMap = KeyTable(
        alarming: "", [.obeyed("unk_token sep_token cls_token mask_token pad_token bos_token eos_token")])
}
