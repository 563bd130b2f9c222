#pragma once
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

// Swift cannot import UNINORM_NFKC: it is the address of a structure that the header leaves open.
static inline uninorm_t uninorm_form_nfkc(void) { return UNINORM_NFKC; }
