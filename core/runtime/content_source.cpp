#include "core/runtime/content_source.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

class function_source final : public content_source {
public:
    explicit function_source(std::function<base::result<std::string_view>()> next) : next_{std::move(next)} {}
    [[nodiscard]] io::task<base::result<std::string_view>> next() override
    {
        auto piece = next_();
        is_at_end_ = piece.has_value() && piece->empty();
        co_return piece;
    }
    [[nodiscard]] bool is_at_end() const noexcept override { return is_at_end_; }

private:
    std::function<base::result<std::string_view>()> next_;
    bool is_at_end_ = false;
};

class owning_source final : public content_source {
public:
    explicit owning_source(std::string octets) : octets_{std::move(octets)}, pieces_{octets_} {}
    [[nodiscard]] io::task<base::result<std::string_view>> next() override { return pieces_.next(); }
    [[nodiscard]] bool is_at_end() const noexcept override { return pieces_.is_at_end(); }
    [[nodiscard]] bool rewind() noexcept override { return pieces_.rewind(); }

private:
    std::string octets_;
    octets_source pieces_;
};

} // namespace

content_facts facts_of(std::string_view content) noexcept
{
    const bool has_8bit =
        std::any_of(content.begin(), content.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; });
    return {.size = content.size(), .has_8bit = has_8bit, .may_have_8bit = has_8bit};
}

io::task<base::result<std::string_view>> octets_source::next()
{
    constexpr std::size_t piece = std::size_t{64} << 10U;
    const auto part = left_.substr(0, piece);
    left_.remove_prefix(part.size());
    co_return part;
}

std::shared_ptr<content_source> content_from(std::function<base::result<std::string_view>()> next_piece)
{
    return std::make_shared<function_source>(std::move(next_piece));
}

std::shared_ptr<content_source> content_of(std::string octets)
{
    return std::make_shared<owning_source>(std::move(octets));
}

} // namespace postern::runtime
