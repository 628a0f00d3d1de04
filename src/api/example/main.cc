// usage: visits HOST:PORT[,HOST:PORT...] VISITOR. Counts how often each visitor was there, whoever
// else counts at the same time, and prints the number.
#include <grapevine/client.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace {

using grapevine::Code;

// One more, or nothing, which was explained. A number is read and written back in the condition
// that nobody has written since; where somebody was faster, again.
std::optional<unsigned long> count_visit(grapevine::Client& client, const std::string& key) {
    for (;;) {
        const grapevine::Result read = client.get(key);
        grapevine::Result written;
        unsigned long visits = 1;
        if (read.code == Code::not_found) {
            written = client.put_if_absent(key, "1");
        } else if (read.ok()) {
            visits = std::strtoul(read.value.c_str(), nullptr, 10) + 1;  // of a text: from 0
            written = client.put_if_version(key, std::to_string(visits), read.version);
        } else {
            written = read;
        }
        if (written.ok()) return visits;
        if (written.code == Code::condition_failed) continue;
        // Of a write with Code::unknown nobody can say whether it was done: to count again could
        // count twice.
        std::fprintf(stderr, "%s: %s\n", grapevine::to_string(written.code),
                     written.message.c_str());
        return std::nullopt;
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: %s HOST:PORT[,HOST:PORT...] VISITOR\n", argv[0]);
        return 2;
    }
    grapevine::Options options;
    options.seeds = argv[1];
    auto [client, error] = grapevine::Client::open(options);
    if (!client) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 2;
    }
    const auto visits = count_visit(*client, std::string("visits:") + argv[2]);
    if (!visits) return 1;
    std::printf("%s: %lu\n", argv[2], *visits);
    return 0;
}
