// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "csv_table.hpp"

#include <algorithm>

namespace tenon::csv {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

bool next_record(std::string_view text, std::size_t& at, std::vector<std::string>& fields) {
  std::vector<std::string> out(1);
  bool inside = false;
  for (std::size_t i = at; i < text.size(); ++i) {
    const char c = text[i];
    if (inside) {
      if (c != '"')
        out.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        out.back() += text[++i];
      else
        inside = false;
    } else if (c == '"') {
      inside = true;
    } else if (c == ',') {
      out.emplace_back();
    } else if (c == '\n') {
      at = i + 1;
      fields = std::move(out);
      return true;
    } else if (c != '\r') {
      out.back() += c;
    }
  }
  return false;
}

namespace {

std::string line_of(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line.append(i ? "," : "").append(csv_field(cells[i]));
  return line + "\n";
}

}  // namespace

Table::Table(const std::string& path, std::vector<std::string> columns) : columns_(std::move(columns)) {
  file_ = std::make_unique<policy::LogFile>(path, 0);
  file_->append(header());
}

Table::Table(const std::string& path, std::vector<std::string> columns, const Extent& saved) {
  const std::string text = policy::LogFile::read(path);
  std::string kept;
  std::size_t end = 0;
  if (next_record(text, end, columns_) && columns_.size() > 1) {
    if (columns_.size() > saved.width) columns_.resize(saved.width);
    kept = header();
    for (std::vector<std::string> row; rows_ < saved.rows && next_record(text, end, row); ++rows_) {
      row.resize(columns_.size());
      kept += line_of(row);
    }
  } else {
    columns_.clear();
  }
  const bool stands_there = text.compare(0, kept.size(), kept) == 0;
  file_ = std::make_unique<policy::LogFile>(path, stands_there ? kept.size() : text.size());
  if (!stands_there) file_->replace(kept);
  found_ = file_->content();
  widen(columns);
}

std::size_t Table::column(const std::string& name) {
  widen({name});
  return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) - columns_.begin());
}

void Table::append(const std::vector<std::string>& cells) {
  file_->append(line_of(cells));
  ++rows_;
}

std::string Table::header() const { return line_of(columns_); }

void Table::widen(const std::vector<std::string>& names) {
  const std::size_t before = columns_.size();
  for (const std::string& name : names)
    if (std::find(columns_.begin(), columns_.end(), name) == columns_.end()) columns_.push_back(name);
  if (columns_.size() == before) return;

  file_->flush();
  const std::string old = policy::LogFile::read(file_->path());
  std::string content = header();
  std::size_t at = 0;
  std::vector<std::string> row;
  if (before) next_record(old, at, row);
  for (std::size_t begin = at; next_record(old, at, row); begin = at) {
    std::string_view line(old.data() + begin, at - begin - 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    content.append(line).append(columns_.size() - before, ',').append("\n");
  }
  file_->replace(content);
}

}  // namespace tenon::csv
