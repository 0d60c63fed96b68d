#include "core/host/plugin_facts.hpp"

#include "core/host/plugin_calls.hpp"
#include "core/host/plugin_library.hpp"
#include "core/host/trial_process.hpp"
#include "core/host/tried_options.hpp"

#include <postern/testing/conformance/trials.hpp>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace postern::daemon {
namespace {

namespace kit = testing::conformance;

void tell_ids(kit::findings& to, const char* what, const char* const* ids)
{
    for (; ids != nullptr && *ids != nullptr; ++ids)
        to.add(what, *ids);
}

void tell_table(kit::findings& to, const postern_plugin& table)
{
    to.add("id", table.id);
    to.add("version", table.version);
    to.add("built_with", table.built_with == nullptr ? "" : table.built_with);
    tell_ids(to, "provides", table.provides);
    tell_ids(to, "requires", table.requires_);
    if ((table.flags & POSTERN_PLUGIN_BLOCKING) != 0)
        to.add("flags", "blocking");
    if ((table.flags & POSTERN_PLUGIN_SERIAL) != 0)
        to.add("flags", "serial");
}

void tell_declarations(kit::findings& to, const testing::declarations& all)
{
    for (const auto& each : all.keywords())
        to.add("keywords", fmt::format("{}{}{}{}{}", each.keyword, each.parameters.empty() ? "" : " ", each.parameters,
                                       each.in_tls ? " (in TLS)" : "", each.logged_in ? " (logged in)" : ""));
    for (const auto& each : all.verbs())
        to.add("verbs", fmt::format("{}{}{}", each.name, each.keyword.empty() ? "" : " with ", each.keyword));
    for (const auto& each : all.params()) {
        const char* relay = each.relay == POSTERN_RELAY_REQUIRED   ? ", required at next hops"
                            : each.relay == POSTERN_RELAY_OPTIONAL ? ", optional at next hops"
                                                                   : "";
        to.add("parameters",
               fmt::format("{} of {}{}{} with {}{}", each.name, each.of_mail ? "MAIL" : "",
                           each.of_mail && each.of_rcpt ? " and " : "", each.of_rcpt ? "RCPT" : "", each.keyword, relay));
    }
}

void tell_instance(kit::findings& to, const postern_plugin& table, const tried_options& options)
{
    testing::fake_host host{table};
    problems wrong;
    options.give(host, wrong);
    std::string why = wrong.empty() ? "" : wrong.front().what;
    if (why.empty() && host.create() != POSTERN_PASS) {
        why = kit::trials::reasons_of(host);
        if (why.empty())
            why = "create failed, and did not say why";
    }
    if (!why.empty())
        return to.add("no_instance", why);
    to.add("instance", "");
    for (std::uint32_t hook = 1; hook < POSTERN_HOOK_WAKE; ++hook)
        if (host.is_subscribed(hook))
            to.add("hooks", std::string{call_name(hook)} + (host.observes(hook) ? " (watches)" : ""));
    tell_declarations(to, host.declared());
}

boost::json::array json_of(const std::vector<std::string>& all)
{
    return boost::json::array(all.begin(), all.end());
}

std::string text_of(const given_option& value)
{
    const auto one = [](const given_value& of) {
        return std::visit([](const auto& each) { return fmt::format("{}", each); }, of.value);
    };
    if (value.shape == option_shape::scalar)
        return value.items.empty() ? "" : one(value.items.front().second);
    std::vector<std::string> all;
    for (const auto& [name, each] : value.items)
        all.push_back(name.empty() ? one(each) : fmt::format("{} = {}", name, one(each)));
    const auto list = fmt::format("{}", fmt::join(all, ", "));
    return value.shape == option_shape::list ? "[" + list + "]" : "{" + list + "}";
}

} // namespace

std::string_view name_of(option_type type) noexcept
{
    switch (type) {
    case option_type::string:
        return "string";
    case option_type::integer:
        return "integer";
    case option_type::boolean:
        return "boolean";
    case option_type::size:
        return "size";
    case option_type::duration:
        return "duration";
    case option_type::path:
        return "path";
    case option_type::list:
        return "list";
    case option_type::table:
        return "table";
    case option_type::floating:
        return "float";
    }
    return "";
}

plugin_facts facts_of(const plugin_request& what, problems& found)
{
    plugin_facts facts;
    const auto options = tried_options::read(what.file, what.config, what.options, found);
    if (!found.empty())
        return facts;
    facts.about = options.rules();
    const auto run = [&](auto tell) {
        return run_apart([&](kit::findings& to, kit::whereabouts&) {
            std::string why;
            const auto library = plugin_library::load(what.file, why);
            if (library == nullptr)
                to.add("why_not", why);
            else
                tell(to, library->table());
        });
    };
    const auto table = run(tell_table);
    facts.why_not = table.end;
    for (const auto& [name, to] : {std::pair{"why_not", &facts.why_not},
                                   {"id", &facts.id},
                                   {"version", &facts.version},
                                   {"built_with", &facts.built_with}})
        for (const auto& each : table.found)
            if (each.rule == name)
                *to = each.what;
    const auto instance = facts.why_not.empty()
                              ? run([&](kit::findings& to, const postern_plugin& of) { tell_instance(to, of, options); })
                              : trial_outcome{{}, "it is not loaded", false};
    facts.why_no_instance = instance.end;
    for (const auto* from : {&table, &instance})
        for (const auto& each : from->found)
            for (const auto& [name, to] : {std::pair{"provides", &facts.provides},
                                           {"requires", &facts.requires_},
                                           {"flags", &facts.flags},
                                           {"hooks", &facts.hooks},
                                           {"keywords", &facts.keywords},
                                           {"verbs", &facts.verbs},
                                           {"parameters", &facts.parameters}})
                if (each.rule == name)
                    to->push_back(each.what);
    for (const auto& each : instance.found)
        if (each.rule == "no_instance")
            facts.why_no_instance = each.what;
    return facts;
}

std::string text_of(const plugin_facts& facts, const plugin_request& what)
{
    std::string out;
    const auto line = [&](std::string_view name, std::string_view value) {
        if (!value.empty())
            out += fmt::format("{:<11} {}\n", name, value);
    };
    const auto lines = [&](std::string_view name, const std::vector<std::string>& all) {
        line(name, fmt::format("{}", fmt::join(all, ", ")));
    };
    line("file", what.file.string());
    line("id", facts.id);
    line("version", facts.version);
    line("built with", facts.built_with);
    if (facts.about) {
        line("summary", facts.about->summary);
        line("status", facts.about->status);
        line("security", facts.about->security);
    }
    lines("flags", facts.flags);
    lines("provides", facts.provides);
    lines("requires", facts.requires_);
    line("loads", facts.why_not.empty() ? "yes" : "no: " + facts.why_not);
    if (facts.why_not.empty())
        line("instance", facts.why_no_instance.empty() ? "" : "none with these options: " + facts.why_no_instance);
    lines("hooks", facts.hooks);
    lines("keywords", facts.keywords);
    lines("verbs", facts.verbs);
    lines("parameters", facts.parameters);
    if (facts.about)
        lines("needs", facts.about->needs);
    if (facts.about)
        for (const auto& each : facts.about->options)
            line("option", fmt::format("{} ({}{}): {}", each.name, each.expectation,
                                       each.required   ? ", required"
                                       : each.fallback ? ", default " + text_of(*each.fallback)
                                                       : "",
                                       each.doc));
    return out;
}

std::string json_of(const plugin_facts& facts, const plugin_request& what)
{
    boost::json::object out{{"file", what.file.string()},
                            {"id", facts.id},
                            {"version", facts.version},
                            {"built_with", facts.built_with},
                            {"flags", json_of(facts.flags)},
                            {"provides", json_of(facts.provides)},
                            {"requires", json_of(facts.requires_)},
                            {"loads", facts.why_not.empty()}};
    if (!facts.why_not.empty())
        out["why_not"] = facts.why_not;
    if (!facts.why_no_instance.empty())
        out["why_no_instance"] = facts.why_no_instance;
    out["hooks"] = json_of(facts.hooks);
    out["keywords"] = json_of(facts.keywords);
    out["verbs"] = json_of(facts.verbs);
    out["parameters"] = json_of(facts.parameters);
    if (facts.about) {
        out["summary"] = facts.about->summary;
        out["status"] = facts.about->status;
        out["security"] = facts.about->security;
        out["needs"] = json_of(facts.about->needs);
        boost::json::array options;
        for (const auto& each : facts.about->options) {
            boost::json::object one{
                {"name", each.name}, {"type", name_of(each.type)}, {"required", each.required}, {"doc", each.doc}};
            one["expected"] = each.expectation;
            if (each.fallback)
                one["default"] = text_of(*each.fallback);
            options.push_back(std::move(one));
        }
        out["options"] = std::move(options);
    }
    return boost::json::serialize(out) + "\n";
}

} // namespace postern::daemon
