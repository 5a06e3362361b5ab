/* tests/unit/base/rows.h - what each test of this folder includes: cmocka, in the order that it
 * needs. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
