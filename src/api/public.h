#pragma once
// The library's header as this tree includes it: the public names stay in grapevine::v1, because
// some of them mean other things here.

#define GRAPEVINE_WITHIN
#include "api/grapevine/client.h"
