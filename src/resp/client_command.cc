// CLIENT: about connections.

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "resp/local.h"

namespace grapevine::resp {

namespace {

constexpr std::string_view client_syntax = "ERR syntax error";

std::int64_t seconds(Duration span) {
    return to_us(span) / 1'000'000;
}

// `own`: where this node listens.
std::string line_of(const Session& session, Address own, Time now) {
    const Session::About& about = session.about;
    return fmt::format(
        "id={} addr={} laddr={} fd=-1 name={} age={} idle={} flags={} db=0 sub=0 psub=0 ssub=0 "
        "multi={} watch={} qbuf={} qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl={} oll=0 "
        "omem=0 tot-mem={} events=r cmd={} user=default redir=-1 resp={} "
        "lib-name={} lib-ver={} tot-net-in={} tot-net-out={} tot-cmds={}",
        about.id, about.peer, own, about.name, seconds(now - about.opened),
        seconds(now - about.last), session.is_in_transaction() ? "x" : "N",
        session.queued_commands(), session.watched_keys(), session.query_bytes(),
        session.output_size(), session.input_bytes() + session.owed_bytes(),
        about.last_command.empty() ? "NULL" : about.last_command,
        about.protocol == Protocol::resp3 ? 3 : 2, about.library, about.library_version,
        about.input_bytes, about.output_bytes, about.commands);
}

void client_id(Call& call) {
    call.reply.integer(static_cast<std::int64_t>(call.session.about.id));
}

void client_getname(Call& call) {
    const std::string& name = call.session.about.name;
    name.empty() ? call.reply.null() : call.reply.bulk(name);
}

void client_setname(Call& call) {
    if (!is_client_name(call.args[2])) return call.reply.error(bad_client_name);
    call.session.about.name = call.args[2];
    call.reply.ok();
}

void client_setinfo(Call& call) {
    const bool is_name = is_word(call.args[2], "LIB-NAME");
    if (!is_name && !is_word(call.args[2], "LIB-VER")) {
        return call.reply.error("ERR Unrecognized option '" + std::string(call.args[2]) + "'");
    }
    if (!is_client_name(call.args[3])) {
        return call.reply.error(
            fmt::format("ERR {} cannot contain spaces, newlines or special characters.",
                        is_name ? "lib-name" : "lib-ver"));
    }
    (is_name ? call.session.about.library : call.session.about.library_version) = call.args[3];
    call.reply.ok();
}

void client_info(Call& call) {
    call.reply.verbatim(line_of(call.session, call.front.facts().address, call.now) + "\n");
}

// All are "normal": there are no replicas and no subscribers.
bool is_known_type(std::string_view type) {
    return is_word(type, "NORMAL") || is_word(type, "MASTER") || is_word(type, "REPLICA") ||
           is_word(type, "SLAVE") || is_word(type, "PUBSUB");
}

void client_list(Call& call) {
    const Args args = call.args;
    std::vector<std::uint64_t> ids;
    bool none = false;
    if (args.size() == 4 && is_word(args[2], "TYPE")) {
        if (!is_known_type(args[3])) {
            return call.reply.error("ERR Unknown client type '" + std::string(args[3]) + "'");
        }
        none = !is_word(args[3], "NORMAL");
    } else if (args.size() > 3 && is_word(args[2], "ID")) {
        for (const std::string_view arg : args.subspan(3)) {
            const auto id = to_integer(arg);
            if (!id || *id < 1) return call.reply.error("ERR Invalid client ID");
            ids.push_back(static_cast<std::uint64_t>(*id));
        }
    } else if (args.size() > 2) {
        return call.reply.error(client_syntax);
    }
    std::ranges::sort(ids);
    const Address own = call.front.facts().address;
    std::string text;
    for (const auto& [id, session] : call.front.sessions) {
        if (none || (!ids.empty() && !std::ranges::binary_search(ids, id))) continue;
        text += line_of(*session, own, call.now) + "\n";
    }
    call.reply.verbatim(text);
}

// Which connections CLIENT KILL means.
struct Victims {
    std::optional<std::uint64_t> id;
    std::optional<Address> peer;
    std::optional<Address> own;
    Address here;  // what `own` is compared with
    std::optional<std::int64_t> age_s;
    bool none = false;  // of a user or a type that nobody is
    bool skip_me = true;

    [[nodiscard]] bool has(const Session& session, const Call& call) const {
        const Session::About& about = session.about;
        if (none || (skip_me && &session == &call.session)) return false;
        if (id && about.id != *id) return false;
        if (peer && about.peer != *peer) return false;
        if (own && *own != here) return false;
        return !age_s || seconds(call.now - about.opened) >= *age_s;
    }
};

// Nobody is at what is no address.
void read_address(std::string_view value, std::optional<Address>& address, Victims& victims) {
    const auto parsed = parse_address(value);
    victims.none = victims.none || !parsed;
    address = parsed.value_or(Address{});
}

// The text of an error, or nothing.
std::string read_victim(std::string_view option, std::string_view value, Victims& victims) {
    const auto number = to_integer(value);
    if (is_word(option, "ID")) {
        if (!number || *number < 1) return "ERR client-id should be greater than 0";
        victims.id = static_cast<std::uint64_t>(*number);
    } else if (is_word(option, "TYPE")) {
        if (!is_known_type(value)) return fmt::format("ERR Unknown client type '{}'", value);
        victims.none = victims.none || !is_word(value, "NORMAL");
    } else if (is_word(option, "ADDR")) {
        read_address(value, victims.peer, victims);
    } else if (is_word(option, "LADDR")) {
        read_address(value, victims.own, victims);
    } else if (is_word(option, "USER")) {
        if (value != "default") return fmt::format("ERR No such user '{}'", value);
    } else if (is_word(option, "SKIPME") && is_word(value, "YES")) {
        victims.skip_me = true;
    } else if (is_word(option, "SKIPME") && is_word(value, "NO")) {
        victims.skip_me = false;
    } else if (is_word(option, "MAXAGE") && number) {
        victims.age_s = *number;
    } else {
        return std::string(client_syntax);
    }
    return {};
}

void client_kill(Call& call) {
    Victims victims;
    const bool old_form = call.args.size() == 3;
    if (old_form) {
        read_address(call.args[2], victims.peer, victims);
        victims.skip_me = false;
    } else if (call.args.size() % 2 != 0) {
        return call.reply.error(client_syntax);
    }
    for (std::size_t i = 2; !old_form && i + 1 < call.args.size(); i += 2) {
        const std::string defect = read_victim(call.args[i], call.args[i + 1], victims);
        if (!defect.empty()) return call.reply.error(defect);
    }
    if (victims.own) victims.here = call.front.facts().address;
    std::int64_t killed = 0;
    for (const auto& [id, session] : call.front.sessions) {
        if (!victims.has(*session, call)) continue;
        ++killed;
        // It hears the answer first.
        session == &call.session ? session->close_after_reply() : session->kill();
    }
    if (!old_form) return call.reply.integer(killed);
    killed > 0 ? call.reply.ok() : call.reply.error("ERR No such client");
}

void client_reply(Call& call) {
    if (is_word(call.args[2], "ON")) {
        call.session.set_replies(Session::Replies::on);
        call.reply.ok();
    } else if (is_word(call.args[2], "OFF")) {
        call.session.set_replies(Session::Replies::off);
    } else if (is_word(call.args[2], "SKIP")) {
        call.session.skip_next_reply();
    } else {
        call.reply.error(client_syntax);
    }
}

void on_or_off(Call& call, bool& flag) {
    if (!is_word(call.args[2], "ON") && !is_word(call.args[2], "OFF")) {
        return call.reply.error(client_syntax);
    }
    flag = is_word(call.args[2], "ON");
    call.reply.ok();
}

// Nothing is evicted here, and nothing keeps the time of the last access.
void client_no_evict(Call& call) {
    on_or_off(call, call.session.about.no_evict);
}

void client_no_touch(Call& call) {
    on_or_off(call, call.session.about.no_touch);
}

void client_tracking(Call& call) {
    if (is_word(call.args[2], "OFF")) return call.reply.ok();
    if (!is_word(call.args[2], "ON")) return call.reply.error(client_syntax);
    call.reply.error("ERR client side caching is not offered by this server");
}

void client_trackinginfo(Call& call) {
    call.reply.map(3);
    call.reply.bulk("flags");
    call.reply.set(1);
    call.reply.bulk("off");
    call.reply.bulk("redirect");
    call.reply.integer(-1);
    call.reply.bulk("prefixes");
    call.reply.array(0);
}

void client_getredir(Call& call) {
    call.reply.integer(-1);
}

void client_maint_notifications(Call& call) {
    call.reply.error("ERR maintenance notifications are not offered by this server");
}

constexpr LocalCommand commands_of_clients[] = {
    {"client|id", client_id},
    {"client|getname", client_getname},
    {"client|setname", client_setname},
    {"client|setinfo", client_setinfo},
    {"client|info", client_info},
    {"client|list", client_list},
    {"client|kill", client_kill},
    {"client|reply", client_reply},
    {"client|no-evict", client_no_evict},
    {"client|no-touch", client_no_touch},
    {"client|tracking", client_tracking},
    {"client|trackinginfo", client_trackinginfo},
    {"client|getredir", client_getredir},
    {"client|maint_notifications", client_maint_notifications},
    {"client|help", write_help},
};

}  // namespace

bool is_client_name(std::string_view name) {
    return name.size() <= client_name_max &&
           std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
}

std::span<const LocalCommand> client_commands() {
    return commands_of_clients;
}

}  // namespace grapevine::resp
