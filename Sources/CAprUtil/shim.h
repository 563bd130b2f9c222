#pragma once
#include <apr-1.0/apr_md5.h>
