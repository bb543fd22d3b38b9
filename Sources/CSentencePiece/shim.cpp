#include "CSentencePiece.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include <sentencepiece_processor.h>

namespace sentencepiece::logging {
// Exported, but in no header that is installed.
void SetMinLogLevel(int level);
}  // namespace sentencepiece::logging

namespace {

using Processor = sentencepiece::SentencePieceProcessor;

const Processor &processor(const void *model) { return *static_cast<const Processor *>(model); }

void say(char *message, size_t capacity, const char *text) {
    if (capacity > 0) std::snprintf(message, capacity, "%s", text);
}

}  // namespace

void *limbeck_sentencepiece_open(const void *bytes, size_t count, char *message, size_t capacity) {
    try {
        // Errors come back as a status; the library would print them too.
        sentencepiece::logging::SetMinLogLevel(4);
        auto model = std::make_unique<Processor>();
        const auto status = model->LoadFromSerializedProto({static_cast<const char *>(bytes), count});
        if (!status.ok()) {
            say(message, capacity, status.error_message());
            return nullptr;
        }
        const int pieces = model->GetPieceSize();
        const int unknown = model->unk_id();
        if (pieces <= 0 || unknown < 0 || unknown >= pieces) {
            say(message, capacity, "no pieces, or no unknown piece");
            return nullptr;
        }
        return model.release();
    } catch (const std::exception &error) {
        say(message, capacity, error.what());
    } catch (...) {
        say(message, capacity, "an exception of libsentencepiece");
    }
    return nullptr;
}

void limbeck_sentencepiece_close(void *model) {
    try {
        delete static_cast<Processor *>(model);
    } catch (...) {
    }
}

int32_t limbeck_sentencepiece_count(const void *model) {
    try {
        return processor(model).GetPieceSize();
    } catch (...) {
        return 0;
    }
}

const char *limbeck_sentencepiece_piece(const void *model, int32_t id, size_t *count) {
    try {
        const std::string &piece = processor(model).IdToPiece(id);
        *count = piece.size();
        return piece.data();
    } catch (...) {
        *count = 0;
        return nullptr;
    }
}

int32_t limbeck_sentencepiece_unknown(const void *model) {
    try {
        return processor(model).unk_id();
    } catch (...) {
        return 0;
    }
}

int limbeck_sentencepiece_encode(const void *model, const void *text, size_t bytes,
                                 limbeck_sentencepiece_token **tokens, size_t *count) {
    *tokens = nullptr;
    *count = 0;
    try {
        const auto pieces = processor(model).EncodeAsImmutableProto({static_cast<const char *>(text), bytes});
        const size_t size = pieces.pieces_size();
        auto *made = static_cast<limbeck_sentencepiece_token *>(std::malloc((size + 1) * sizeof **tokens));
        if (made == nullptr) return -1;
        for (size_t i = 0; i < size; i++) {
            const auto piece = pieces.pieces(static_cast<int>(i));
            const bool isInside = piece.begin() <= piece.end() && piece.end() <= bytes;
            made[i] = {static_cast<int32_t>(piece.id()), isInside ? piece.begin() : 0, isInside ? piece.end() : 0};
        }
        *tokens = made;
        *count = size;
        return 0;
    } catch (...) {
        return -1;
    }
}

void limbeck_sentencepiece_free(limbeck_sentencepiece_token *tokens) { std::free(tokens); }
