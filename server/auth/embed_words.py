#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The word list as sorted C strings. usage: embed_words.py LIST OUT"""
import sys

words = sorted({w for w in open(sys.argv[1], encoding="ascii").read().split() if 3 <= len(w) <= 24})
with open(sys.argv[2], "w", encoding="ascii") as out:
    out.writelines(f'"{w}",\n' for w in words)
