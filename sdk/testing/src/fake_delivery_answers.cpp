// What the answers of a plugin change of a fake_delivery: now, or when a task or a thread of the plugin's has them.

#include <postern/testing/fake_delivery.hpp>

#include <algorithm>
#include <utility>

namespace postern::testing {

answer fake_delivery::finish(const answer& said)
{
    return finished(said, host_.finish(said));
}

answer fake_delivery::wait_for(const answer& said, std::chrono::nanoseconds patience)
{
    return finished(said, host_.wait_for(said, patience));
}

answer fake_delivery::finished(const answer& question, answer said)
{
    const auto asked = open_.extract(question.ticket);
    return asked.empty() ? said : applied(asked.mapped(), std::move(said));
}

void fake_delivery::fail(answer& said, std::string why)
{
    host_.complain(std::move(why));
    said.came = answer::how::failed;
}

answer fake_delivery::applied(std::uint32_t hook, answer said)
{
    if (said.is_pending()) {
        open_[said.ticket] = hook;
        return said;
    }
    const std::string& named = hook == POSTERN_HOOK_QUEUE_POLICY ? said.shape.pool : said.out.pool;
    if (!pools.empty() && !named.empty() && std::find(pools.begin(), pools.end(), named) == pools.end())
        fail(said, "the source pool \"" + named + "\", which the configuration does not have ([[delivery.source_pool]])");
    switch (hook) {
    case POSTERN_HOOK_TLS_POLICY:
        take_policy(said);
        break;
    case POSTERN_HOOK_DSN_MAKE:
        told = said.discards() ? std::string{} : said.dsn.recipient.empty() || !said.proceeds() ? from : said.dsn.recipient;
        break;
    default:
        if (said.proceeds())
            apply(hook, said);
        break;
    }
    return said;
}

void fake_delivery::apply(std::uint32_t hook, answer& said)
{
    switch (hook) {
    case POSTERN_HOOK_DELIVERY_BEGIN:
        return take_out(said);
    case POSTERN_HOOK_DELIVERY_SOURCE:
        pool = said.out.pool.empty() ? pool : said.out.pool;
        return;
    case POSTERN_HOOK_DELIVERY_PEER:
        std::erase_if(offers, [&](const auto& each) {
            return std::find(said.out.unused.begin(), said.out.unused.end(), each.first) != said.out.unused.end();
        });
        return;
    case POSTERN_HOOK_CLIENT_PARAMS:
        return rewrite(said);
    case POSTERN_HOOK_DELIVERY_SIGN:
        for (const edit& each : said.edits)
            if (each.index != 0)
                return fail(said, "puts a field elsewhere than in front of all at delivery.sign");
        return edit_content(said);
    case POSTERN_HOOK_DELIVERY_CONTENT:
        return edit_content(said);
    default:
        return;
    }
}

void fake_delivery::take_policy(const answer& said)
{
    policy_ = said.out;
    if (!said.proceeds())
        return;
    tls = said.out.tls != 0 ? said.out.tls : tls;
    tls_name = said.out.name.empty() ? tls_name : said.out.name;
}

/// Indices are those before the batch.
void fake_delivery::edit_content(const answer& said)
{
    std::vector<std::pair<std::string, std::string>> made;
    for (std::uint32_t at = 0; at <= fields.size(); ++at) {
        for (const edit& each : said.edits)
            if (each.op == POSTERN_EDIT_HEADER_INSERT && each.index == at)
                made.emplace_back(each.name, each.value);
        if (at == fields.size())
            break;
        auto field = fields[at];
        bool is_gone = false;
        for (const edit& each : said.edits) {
            is_gone = is_gone || (each.op == POSTERN_EDIT_HEADER_REMOVE && each.index == at);
            if (each.op == POSTERN_EDIT_HEADER_REPLACE && each.index == at)
                field.second = each.value;
        }
        if (!is_gone)
            made.push_back(std::move(field));
    }
    for (const edit& each : said.edits) {
        if (each.op == POSTERN_EDIT_HEADER_ADD)
            made.emplace_back(each.name, each.value);
        if (each.op == POSTERN_EDIT_BODY_REPLACE)
            body = each.value;
    }
    fields = std::move(made);
}

void fake_delivery::take_out(const answer& said)
{
    std::vector<std::string> kept;
    for (std::uint32_t place = 0; place < to.size(); ++place) {
        const bool is_later = std::any_of(said.edits.begin(), said.edits.end(), [&](const edit& each) {
            return each.op == POSTERN_EDIT_RCPT_LATER && each.index == place;
        });
        (is_later ? put_off : kept).push_back(to[place]);
    }
    to = std::move(kept);
}

void fake_delivery::rewrite(answer& said)
{
    for (const edit& each : said.edits) {
        const declared_param* const declared = host_.declared().param(each.name);
        if (declared == nullptr || !(each.index == POSTERN_OF_MAIL ? declared->of_mail : declared->of_rcpt)) {
            return fail(said, "changes \"" + each.name + "\", which it did not declare for that command");
        }
    }
    for (const edit& each : said.edits) {
        const auto place = each.index == POSTERN_OF_MAIL ? std::nullopt : std::optional{each.index};
        const auto found = std::find_if(params.begin(), params.end(), [&](const outgoing_param& one) {
            return one.name == each.name && one.recipient == place;
        });
        if (each.op == POSTERN_EDIT_PARAM_DROP) {
            if (found != params.end())
                params.erase(found);
            continue;
        }
        outgoing_param& one = found != params.end() ? *found : params.emplace_back(outgoing_param{each.name, {}, place});
        one.value = each.value.empty() ? std::nullopt : std::optional{each.value};
        one.relay = each.op == POSTERN_EDIT_PARAM_REQUIRE ? POSTERN_RELAY_REQUIRED : one.relay;
    }
}

} // namespace postern::testing
