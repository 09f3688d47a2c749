#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn sql/*.sql and migrations/*.sql into C: embed.py SQL_DIR MIGRATIONS_DIR OUT_DEF OUT_C.

Writes an output only when it changed, so that the build may run this every time."""
import hashlib
import pathlib
import re
import sys


def c_string(text):
    out = text.replace('\\', '\\\\').replace('"', '\\"')
    return '\n'.join('    "%s\\n"' % line for line in out.splitlines())


def without_head(text):
    """The head comment is for people; the server need not parse it on every connection."""
    lines = text.splitlines()
    while lines and (not lines[0].strip() or lines[0].startswith('--')):
        lines.pop(0)
    return '\n'.join(lines)


def write(path, text):
    path = pathlib.Path(path)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def statements(folder):
    for path in sorted(pathlib.Path(folder).glob('*.sql')):
        if not re.fullmatch(r'[a-z][a-z0-9_]*', path.stem):
            sys.exit('%s: a statement is named in lower_case' % path)
        text = path.read_text()
        if not text.startswith('-- '):
            sys.exit('%s: begins with a comment: purpose, parameters, columns' % path)
        yield path.stem, without_head(text)


def migrations(folder):
    for number, path in enumerate(sorted(pathlib.Path(folder).glob('*.sql')), 1):
        match = re.fullmatch(r'(\d{4})_([a-z0-9_]+)', path.stem)
        if not match or int(match.group(1)) != number:
            sys.exit('%s: migrations are NNNN_name.sql, each number once and none left out: a new one takes the next' % path)
        text = path.read_bytes()
        yield number, match.group(2), hashlib.sha256(text).hexdigest(), text.decode()


def main():
    sql_dir, migrations_dir, out_def, out_c = sys.argv[1:]
    all_statements = list(statements(sql_dir))
    all_migrations = list(migrations(migrations_dir))
    write(out_def, ''.join('DB_STMT(%s, "%s")\n' % (name.upper(), name) for name, _ in all_statements))
    c = ['#include "db/texts.h"\n']
    c.append('const struct statement_text statement_texts[] = {')
    c += ['    {"%s",\n%s},' % (name, c_string(text)) for name, text in all_statements]
    c.append('};\nconst struct migration_text migration_texts[] = {')
    c += ['    {%d, "%s", "%s",\n%s},' % (number, name, sha, c_string(text)) for number, name, sha, text in all_migrations]
    c.append('};\nconst unsigned migration_texts_n = %d;\n' % len(all_migrations))
    write(out_c, '\n'.join(c))


main()
