// libFuzzer, used as a library; the compiler links it where it is told -sanitize=fuzzer.
// See llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library".
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv,
                        int (*run)(const uint8_t *data, size_t size));
