// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/library_section.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace tenon::chain {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
#else
#error "name this machine's ELF code"
#endif
constexpr std::uint64_t largest_section = 16u << 20;

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat facts {};
    if (descriptor_ < 0 || fstat(descriptor_, &facts) != 0) {
      const std::string why = std::strerror(errno);
      if (descriptor_ >= 0) close(descriptor_);
      throw NotALibrary("cannot be read: " + why);
    }
    if (!S_ISREG(facts.st_mode)) {
      close(descriptor_);
      throw NotALibrary("is not a regular file");
    }
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  void read(std::uint64_t offset, void* to, std::uint64_t size) const {
    if (offset > size_ || size > size_ - offset) throw NotALibrary("is damaged: it ends before its own tables do");
    auto* out = static_cast<char*>(to);
    while (size > 0) {
      const ssize_t n = pread(descriptor_, out, size, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0)
        throw NotALibrary("cannot be read: " + std::string(n < 0 ? std::strerror(errno) : "it was cut meanwhile"));
      out += n, offset += static_cast<std::uint64_t>(n), size -= static_cast<std::uint64_t>(n);
    }
  }
  std::uint64_t size() const noexcept { return size_; }

 private:
  int descriptor_;
  std::uint64_t size_ = 0;
};

Elf64_Ehdr read_header(const File& file) {
  Elf64_Ehdr header{};
  if (file.size() < SELFMAG) throw NotALibrary("is not an ELF file");
  file.read(0, &header, std::min<std::uint64_t>(file.size(), sizeof header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) throw NotALibrary("is not an ELF file");
  if (file.size() < sizeof header) throw NotALibrary("is damaged: it ends before its own tables do");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != this_machine)
    throw NotALibrary("was built for another kind of machine");
  if (header.e_type != ET_DYN) throw NotALibrary("is not a shared library");
  if (header.e_shoff == 0) throw NotALibrary("is damaged: its table of sections is missing");
  if (header.e_shentsize != sizeof(Elf64_Shdr))
    throw NotALibrary("is damaged: its table of sections has another shape");
  return header;
}

std::vector<Elf64_Shdr> read_sections(const File& file, const Elf64_Ehdr& header) {
  // 0 stands for a number that is too large for its field; no plugin has so many.
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (sections.empty() || header.e_shstrndx >= sections.size())
    throw NotALibrary("is damaged: its table of sections is missing");
  file.read(header.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr));
  return sections;
}

std::string read_bytes(const File& file, const Elf64_Shdr& section) {
  if (section.sh_size > largest_section) throw NotALibrary("is damaged: one of its sections is too large");
  std::string bytes(static_cast<std::size_t>(section.sh_size), '\0');
  file.read(section.sh_offset, bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

std::optional<std::string> read_library_section(const std::filesystem::path& path, std::string_view name) {
  const File file(path);
  const Elf64_Ehdr header = read_header(file);
  const std::vector<Elf64_Shdr> sections = read_sections(file, header);
  const std::string names = read_bytes(file, sections[header.e_shstrndx]);
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NOBITS || section.sh_name >= names.size()) continue;
    if (std::string_view(names.c_str() + section.sh_name) != name) continue;
    const std::string bytes = read_bytes(file, section);
    return std::string(bytes.c_str());  // what follows the first NUL is to be ignored
  }
  return std::nullopt;
}

}  // namespace tenon::chain
