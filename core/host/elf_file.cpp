#include "core/host/elf_file.hpp"

#include <elf.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace postern::daemon {
namespace {

constexpr std::uint64_t most_entries = 1'000'000;

/// The record at an offset; nothing: it is not in the file.
template <class Record>
std::optional<Record> record_at(std::string_view octets, std::uint64_t offset) noexcept
{
    Record record;
    if (offset > octets.size() || octets.size() - offset < sizeof record)
        return std::nullopt;
    std::memcpy(&record, octets.data() + offset, sizeof record);
    return record;
}

std::string_view text_at(std::string_view octets, std::uint64_t offset) noexcept
{
    if (offset >= octets.size())
        return {};
    const auto rest = octets.substr(offset);
    return rest.substr(0, rest.find('\0'));
}

std::string_view part_of(std::string_view octets, std::uint64_t offset, std::uint64_t size) noexcept
{
    return offset > octets.size() ? std::string_view{} : octets.substr(offset, size);
}

void read_symbols(std::string_view octets, const Elf64_Ehdr& head, const Elf64_Shdr& table, elf_facts& to)
{
    const auto names = record_at<Elf64_Shdr>(octets, head.e_shoff + std::uint64_t{table.sh_link} * sizeof(Elf64_Shdr));
    if (!names)
        return;
    const auto texts = part_of(octets, names->sh_offset, names->sh_size);
    const auto count = std::min(table.sh_size / sizeof(Elf64_Sym), most_entries);
    for (std::uint64_t i = 1; i < count; ++i) { // 0 is no symbol
        const auto symbol = record_at<Elf64_Sym>(octets, table.sh_offset + i * sizeof(Elf64_Sym));
        if (!symbol)
            return;
        const auto binding = ELF64_ST_BIND(symbol->st_info);
        const auto name = text_at(texts, symbol->st_name);
        if (name.empty() || binding == STB_LOCAL)
            continue;
        if (symbol->st_shndx == SHN_UNDEF) {
            to.wanted.emplace_back(name);
            continue;
        }
        to.defined.emplace_back(name);
        if (binding == STB_GNU_UNIQUE)
            to.unique.emplace_back(name);
    }
}

void read_dynamic(std::string_view octets, const Elf64_Phdr& part, elf_facts& to)
{
    const auto count = std::min(part.p_filesz / sizeof(Elf64_Dyn), most_entries);
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto entry = record_at<Elf64_Dyn>(octets, part.p_offset + i * sizeof(Elf64_Dyn));
        if (!entry || entry->d_tag == DT_NULL)
            return;
        if (entry->d_tag == DT_FLAGS_1)
            to.is_nodelete = (entry->d_un.d_val & DF_1_NODELETE) != 0;
        if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0))
            to.has_text_relocations = true;
    }
}

} // namespace

std::optional<elf_facts> read_elf(std::string_view octets, std::string& why)
{
    constexpr auto byte_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
    const auto head = record_at<Elf64_Ehdr>(octets, 0);
    if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_ident[EI_DATA] != byte_order || head->e_type != ET_DYN) {
        why = "not a shared library for this machine";
        return std::nullopt;
    }
    elf_facts facts;
    for (std::uint64_t i = 0; i < head->e_phnum; ++i) {
        const auto part = record_at<Elf64_Phdr>(octets, head->e_phoff + i * sizeof(Elf64_Phdr));
        if (part && part->p_type == PT_DYNAMIC)
            read_dynamic(octets, *part, facts);
        if (part && part->p_type == PT_GNU_STACK)
            facts.has_executable_stack = (part->p_flags & PF_X) != 0;
    }
    bool has_symbols = false;
    for (std::uint64_t i = 0; i < head->e_shnum; ++i) {
        const auto section = record_at<Elf64_Shdr>(octets, head->e_shoff + i * sizeof(Elf64_Shdr));
        if (!section || section->sh_type != SHT_DYNSYM)
            continue;
        has_symbols = true;
        read_symbols(octets, *head, *section, facts);
    }
    if (!has_symbols) {
        why = "its dynamic symbols cannot be found";
        return std::nullopt;
    }
    return facts;
}

} // namespace postern::daemon
