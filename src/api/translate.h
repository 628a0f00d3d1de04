#pragma once
// Between the library's public types and the client core's.

#include "api/public.h"
#include "client/client.h"

namespace grapevine {

// `deadline`: of an operation that names none.
Operation to_core(v1::Operation&& operation, Duration deadline);
v1::Result to_public(Outcome&& outcome);

// A result that no server gave.
v1::Result refusal(v1::Code code, std::string message);

}  // namespace grapevine
