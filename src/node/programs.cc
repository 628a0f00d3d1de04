#include "node/programs.h"

#include "command/execute.h"

namespace grapevine {

namespace {

class Programs final : public Interpreter {
public:
    std::optional<std::string> execute(std::string_view program,
                                       command::Keys& keys) const override {
        const auto decoded = command::decode(program);
        if (!decoded) return std::nullopt;
        return command::execute(*decoded, keys);
    }

    void execute(std::span<const std::string_view> command, command::Keys& keys,
                 command::Reply& reply) const override {
        command::execute(command, keys, reply);
    }
};

}  // namespace

const Interpreter& programs() {
    static const Programs programs;
    return programs;
}

}  // namespace grapevine
