#include "runtime/listen.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/socket_address.h"

namespace grapevine {

namespace {

ListenOn place(const ListenOptions& options, Address listen) {
    const std::uint16_t asked = options.port.value_or(listen.port);
    if (asked != 0) return {.ip = listen.ip, .port = asked, .search = false};
    if (options.search_from != 0) {
        return {.ip = listen.ip, .port = options.search_from, .search = true};
    }
    return {.ip = listen.ip, .port = options.default_port, .search = false};
}

bool are_elsewhere(const std::vector<Address>& seeds) {
    return !seeds.empty() && std::ranges::none_of(seeds, is_loopback);
}

}  // namespace

Result<ListenPlan> plan_listening(const ListenOptions& options, const std::vector<Address>& seeds) {
    const auto listen = resolve(options.listen, 0);
    if (!listen) return std::unexpected(listen.error());
    if (options.port && listen->port != 0 && *options.port != listen->port) {
        return fail("--port {} and --listen {} contradict each other; give the port once",
                    *options.port, options.listen);
    }
    ListenPlan plan{
        .where = place(options, *listen), .advertised = {.ip = listen->ip}, .warning = {}};
    if (!options.advertise.empty()) {
        const auto advertised = resolve(options.advertise, 0);
        if (!advertised) return std::unexpected(advertised.error());
        plan.advertised = *advertised;
    }
    if (plan.advertised.ip == 0) {
        return fail("others cannot reach 0.0.0.0; say with --advertise host what they should use");
    }
    if (are_elsewhere(seeds) && is_loopback(plan.advertised)) {
        return fail(
            "{} is on another machine, or may be, and would be told that this process is at a "
            "loopback address, where it cannot reach it; say with --listen host at which it can",
            seeds.front());
    }
    if (!is_loopback(*listen)) {
        plan.warning =
            "there is no authentication yet: whoever can reach this address can read and change "
            "everything; use it in trusted networks only";
    }
    return plan;
}

Address advertised_address(const ListenPlan& plan, Address bound) {
    Address address = plan.advertised;
    if (address.port == 0) address.port = bound.port;
    return address;
}

}  // namespace grapevine
