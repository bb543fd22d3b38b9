/* A folder whose tokenizer is a .model file, and its pack: both cut texts and answer alike. */
#include "abi.h"

static const char *const texts[] = {"the cat sat on the mat", "  What the\tDOG saw,<mask> \xe2\x80\x94 it jumps", "",
                                    "zzz \xff the"};
enum { COUNT = sizeof texts / sizeof *texts, ROOM = 64, WIDTH = 64 };

typedef struct {
    int32_t ids[COUNT][ROOM];
    uint32_t starts[COUNT][ROOM], ends[COUNT][ROOM];
    size_t counts[COUNT];
    float vectors[COUNT * WIDTH];
} Answers;

static void ask(const char *path, Answers *answers) {
    char message[512];
    limbeck_tokenizer *tokenizer = NULL;
    limbeck_model *model = NULL;
    limbeck_session *own = NULL;
    size_t bytes[COUNT];
    memset(answers, 0, sizeof *answers);
    OK(limbeck_tokenizer_open(path, strlen(path), &tokenizer, message, sizeof message));
    for (size_t i = 0; i < COUNT; i++) {
        bytes[i] = strlen(texts[i]);
        OK(limbeck_tokenize(tokenizer, texts[i], bytes[i], NULL, 0, NULL, answers->ids[i], NULL, answers->starts[i],
                            answers->ends[i], ROOM, &answers->counts[i]));
    }
    OK(limbeck_model_open(path, strlen(path), &model, message, sizeof message));
    OK(limbeck_session_new(model, NULL, &own));
    OK(limbeck_embed(own, texts, bytes, COUNT, NULL, answers->vectors, COUNT * WIDTH));
    limbeck_session_free(own);
    limbeck_model_close(model);
    limbeck_tokenizer_close(tokenizer);
}

int main(int argc, char **argv) {
    static Answers ofFolder, ofPack;
    char path[4096], pack[4200], message[512];
    limbeck_pack_options options = {0};
    start(argc, argv);
    snprintf(path, sizeof path, "%s/sentencepiece", folder);
    snprintf(pack, sizeof pack, "%s/sentencepiece.limbeck", folder);
    options.struct_size = sizeof options;
    options.precision = LIMBECK_PRECISION_F32;
    OK(limbeck_pack(path, strlen(path), pack, strlen(pack), &options, message, sizeof message));
    OK(limbeck_verify(pack, strlen(pack), message, sizeof message));
    ask(path, &ofFolder);
    ask(pack, &ofPack);
    EXPECT(memcmp(&ofFolder, &ofPack, sizeof ofFolder) == 0);
    /* <s> and </s> around pieces that stand for the whole text. */
    EXPECT(ofFolder.counts[0] > 8 && ofFolder.ids[0][0] == 0 && ofFolder.ids[0][ofFolder.counts[0] - 1] == 2);
    EXPECT(ofFolder.starts[0][1] == 0 && ofFolder.ends[0][ofFolder.counts[0] - 2] == 22);
    EXPECT(ofFolder.counts[2] == 2 && ofFolder.vectors[0] != 0);
    return finish();
}
