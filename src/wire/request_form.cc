#include "wire/request_form.h"

#include <cstring>
#include <utility>

#include "base/assert.h"
#include "wire/codecs.h"
#include "wire/wire.h"

namespace grapevine {

namespace {

// Well-formed, whatever the blanks are.
Request filled(Request model) {
    model.sequence = 1;
    model.floor = 1;
    return model;
}

}  // namespace

RequestForm::RequestForm(Request model) : frame_(encode(ClientMessage(filled(std::move(model))))) {
    const char* const payload = frame_.data() + frame_header_size;
    const auto* request = flatbuffers::GetRoot<fb::ClientMessage>(payload)->body_as_Request();
    const auto offset = [&](const void* field) {
        return static_cast<std::size_t>(static_cast<const char*>(field) - frame_.data());
    };
    head_at_ = offset(request->head());
    if (request->key() == nullptr) return;
    key_size_ = request->key()->size();
    key_at_ = offset(request->key()->data());
}

void RequestForm::append(std::string& out, const Blanks& blanks) const {
    ASSERT(blanks.key.size() == key_size_, "{} is not {}", blanks.key.size(), key_size_);
    const auto& model = *reinterpret_cast<const fb::RequestHead*>(frame_.data() + head_at_);
    const fb::RequestHead head(model.client(), blanks.sequence, blanks.floor, blanks.stamp_ms,
                               blanks.epoch.value, model.expected(), model.deadline_ms(),
                               model.kind(), model.condition());
    const std::size_t start = out.size();
    out += frame_;
    std::memcpy(out.data() + start + head_at_, &head, sizeof head);
    blanks.key.copy(out.data() + start + key_at_, key_size_);
    seal_frame(out, start);
}

}  // namespace grapevine
