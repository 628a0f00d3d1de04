// The commands by which clients begin, and those about nothing but the connection.

#include <algorithm>
#include <utility>

#include "resp/local.h"

namespace grapevine::resp {

namespace {

constexpr std::string_view wrong_pass =
    "WRONGPASS invalid username-password pair or user is disabled.";

void ping(Call& call) {
    if (call.args.size() > 2) {
        call.reply.error("ERR wrong number of arguments for 'ping' command");
    } else if (call.args.size() == 2) {
        call.reply.bulk(call.args[1]);
    } else {
        call.reply.simple("PONG");
    }
}

void echo(Call& call) {
    call.reply.bulk(call.args[1]);
}

void quit(Call& call) {
    call.session.close_after_reply();
    call.reply.ok();
}

void reset(Call& call) {
    call.session.reset();
    call.reply.simple("RESET");
}

void select(Call& call) {
    const auto index = to_integer(call.args[1]);
    if (!index) return call.reply.error("ERR value is not an integer or out of range");
    if (!command::fits_32_bits(*index)) return call.reply.error(command::beyond_32_bits);
    if (*index != 0) return call.reply.error("ERR DB index is out of range");
    call.reply.ok();
}

// There is one user, who needs no password.
bool may_be(std::string_view user) {
    return user == "default";
}

void auth(Call& call) {
    if (call.args.size() > 3) return call.reply.error("ERR syntax error");
    if (call.args.size() == 2) {
        return call.reply.error(
            "ERR AUTH <password> called without any password configured for the default user. Are "
            "you sure your configuration is correct?");
    }
    if (!may_be(call.args[1])) return call.reply.error(wrong_pass);
    call.reply.ok();
}

// What HELLO asks for; a member is set where it was named.
struct Greeting {
    Protocol protocol{};
    std::optional<std::string_view> user;
    std::optional<std::string_view> name;
};

// The text of an error, or nothing.
std::string read_greeting(Args args, Greeting& greeting) {
    const auto version = to_integer(args[1]);
    if (!version) return "ERR Protocol version is not an integer or out of range";
    if (*version != 2 && *version != 3) return "NOPROTO unsupported protocol version";
    greeting.protocol = *version == 3 ? Protocol::resp3 : Protocol::resp2;
    for (std::size_t i = 2; i < args.size(); ++i) {
        const std::size_t left = args.size() - 1 - i;
        if (is_word(args[i], "AUTH") && left >= 2) {
            greeting.user = args[i + 1];
            i += 2;
        } else if (is_word(args[i], "SETNAME") && left >= 1) {
            greeting.name = args[i + 1];
            i += 1;
        } else {
            return "ERR Syntax error in HELLO option '" + std::string(args[i]) + "'";
        }
    }
    return {};
}

void write_hello(Call& call, Reply& reply) {
    const std::string& zone = call.front.config().zone;
    reply.map(zone.empty() ? 7 : 8);
    reply.bulk("server");
    reply.bulk("redis");
    reply.bulk("version");
    reply.bulk(redis_version);
    reply.bulk("proto");
    reply.integer(reply.protocol() == Protocol::resp3 ? 3 : 2);
    reply.bulk("id");
    reply.integer(static_cast<std::int64_t>(call.session.about.id));
    reply.bulk("mode");
    reply.bulk("cluster");
    reply.bulk("role");
    reply.bulk("master");
    reply.bulk("modules");
    reply.array(0);
    if (zone.empty()) return;
    reply.bulk("availability_zone");  // Valkey's: clients may keep to nodes that are near
    reply.bulk(zone);
}

void hello(Call& call) {
    if (call.args.size() > 1) {
        Greeting greeting;
        const std::string defect = read_greeting(call.args, greeting);
        if (!defect.empty()) return call.reply.error(defect);
        if (greeting.user && !may_be(*greeting.user)) return call.reply.error(wrong_pass);
        if (greeting.name) {
            if (!is_client_name(*greeting.name)) return call.reply.error(bad_client_name);
            call.session.about.name = *greeting.name;
        }
        call.session.about.protocol = greeting.protocol;
    }
    Reply made(call.session.about.protocol);
    write_hello(call, made);
    call.reply.raw(made.bytes());
}

void readonly(Call& call) {
    call.session.awareness.note_shown();
    call.session.about.readonly = true;
    call.reply.ok();
}

// Who takes back READONLY knows clusters too: ioredis says one or the other by a node's role.
void readwrite(Call& call) {
    call.session.awareness.note_shown();
    call.session.about.readonly = false;
    call.reply.ok();
}

// Nothing is ever answered by ASK, so there is nothing to allow.
void asking(Call& call) {
    call.session.awareness.note_shown();
    call.reply.ok();
}

constexpr LocalCommand commands_of_connections[] = {
    {"ping", ping},           {"echo", echo},     {"quit", quit},   {"reset", reset},
    {"select", select},       {"auth", auth},     {"hello", hello}, {"readonly", readonly},
    {"readwrite", readwrite}, {"asking", asking},
};

}  // namespace

std::span<const LocalCommand> connection_commands() {
    return commands_of_connections;
}

}  // namespace grapevine::resp
