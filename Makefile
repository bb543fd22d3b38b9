# Thin: the work is in scripts/.
PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR = $(DESTDIR)$(PREFIX)/lib
INCLUDEDIR = $(DESTDIR)$(PREFIX)/include

.PHONY: all lib distil-lib lib-arm64 install demo student test test-long bench clean

all: lib

# The C library, in build/lib: liblimbeck.so, liblimbeck.a, limbeck.pc. It needs libc and libm alone.
lib:
	scripts/build-lib.sh

# The library of training, the same way: liblimbeck-distil.so, liblimbeck-distil.a, limbeck-distil.pc.
distil-lib:
	scripts/build-lib.sh distil

# The engine for arm64 Linux, on any machine: build/lib/arm64/liblimbeck.a.
lib-arm64:
	scripts/build-arm64.sh

install: lib
	install -d "$(LIBDIR)/pkgconfig" "$(INCLUDEDIR)"
	install -m 644 include/limbeck.h "$(INCLUDEDIR)/limbeck.h"
	install -m 644 build/lib/liblimbeck.a "$(LIBDIR)/liblimbeck.a"
	sed 's|^prefix=.*|prefix=$(PREFIX)|' build/lib/limbeck.pc > "$(LIBDIR)/pkgconfig/limbeck.pc"
	cp -P build/lib/liblimbeck.so* "$(LIBDIR)/"

# Semantic search over a text file, with the student of students/search; MODEL=all-MiniLM-L6-v2: with its teacher.
demo:
	QUERY="$(QUERY)" MODEL="$(MODEL)" scripts/demo.sh

# Distils students/search/student.limbeck once more, and compares: 20 minutes.
student:
	scripts/student.sh

# The tests; STEP="abi cpus": some of them, see scripts/test.sh.
test:
	scripts/test.sh $(STEP)

# The same with more texts and an hour of fuzzing: before a release.
test-long:
	TOKENIZER_TEXTS=22000 TOKENIZER_RANDOM=10000 TOKENIZER_CHARACTERS=1 SENTENCEPIECE_TEXTS=20000 ACCURACY_PRECISIONS=f16,int8,int4 \
		FUZZ_SECONDS=450 FUZZ_OPTIMIZE=-O scripts/test.sh $(STEP)

# Speed and memory, against the peers, then what exits and parts of a model save. BENCH="--quick", BENCH="--write", ...: see scripts/bench.sh.
bench:
	scripts/bench.sh $(BENCH)
	case "$(BENCH)" in *--part*) ;; *) scripts/bench.sh exits $(filter --write --quick,$(BENCH)) ;; esac

clean:
	rm -rf build .build
