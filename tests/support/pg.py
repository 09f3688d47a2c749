#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A throwaway PostgreSQL cluster: unix socket only, fsync off, gone at the end.

In Python:   with pg.Cluster() as c: ... c.url(), c.psql('select 1'), c.stop('fast'), c.start()
On a shell:  pg.py COMMAND ARG...   runs the command with DOORWARD_TEST_URL (a libpq URI), DOORWARD_TEST_PG_DIR and
             DOORWARD_TEST_PG (this file with the folder: `$DOORWARD_TEST_PG stop|start|psql SQL`) set.
As root the cluster runs as the user postgres, for PostgreSQL refuses root."""
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile


def bin_dir():
    found = shutil.which('postgres')
    if found:
        return os.path.dirname(os.path.realpath(found))
    versions = glob.glob('/usr/lib/postgresql/*/bin/postgres')
    if not versions:
        print('PostgreSQL is not installed: skipped')
        sys.exit(77)
    return os.path.dirname(max(versions, key=lambda p: int(p.split('/')[4])))


def as_postgres():
    """Drops root for good, in the child."""
    if os.geteuid() == 0:
        user = pwd.getpwnam('postgres')
        return {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}
    return {}


class Cluster:
    def __init__(self, folder=None, fsync=False):
        self.made = folder is None
        self.dir = folder or tempfile.mkdtemp(prefix='dw-pg-')
        self.bin = bin_dir()
        self.fsync = fsync

    def run(self, program, *args, **options):
        options = {'check': True, 'stdin': subprocess.DEVNULL, 'stdout': subprocess.DEVNULL, 'cwd': self.dir, **as_postgres(), **options}
        return subprocess.run([os.path.join(self.bin, program), *args], **options)

    def create(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a stopped test run cleans up too
        if os.geteuid() == 0:
            shutil.chown(self.dir, 'postgres', 'postgres')
        os.chmod(self.dir, 0o755)
        self.run('initdb', '-D', self.dir + '/data', '-A', 'trust', '-U', 'doorward', '-E', 'UTF8', '--locale=C', '-N')
        with open(self.dir + '/data/postgresql.conf', 'a') as f:
            f.write("listen_addresses = ''\nunix_socket_directories = '%s'\nmax_connections = 60\n" % self.dir)
            if not self.fsync:
                f.write('fsync = off\nfull_page_writes = off\n')
        self.start()
        return self

    def start(self):
        self.run('pg_ctl', '-D', self.dir + '/data', '-w', '-s', '-l', self.dir + '/log', 'start')

    def stop(self, mode='fast'):
        self.run('pg_ctl', '-D', self.dir + '/data', '-w', '-s', '-m', mode, 'stop')

    def url(self, database='postgres'):
        return 'postgresql:///%s?host=%s&user=doorward' % (database, self.dir)

    def psql(self, sql, database='postgres', **options):
        done = self.run('psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-d', self.url(database), '-c', sql,
                        stdout=subprocess.PIPE, text=True, **options)
        return done.stdout.strip()

    def finish(self):
        try:
            self.stop('immediate' if self.made else 'fast')
        except subprocess.CalledProcessError:
            pass  # the test stopped it
        if self.made:
            shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self.create()

    def __exit__(self, *error):
        self.finish()


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == '--in':
        cluster = Cluster(sys.argv[2])
        if sys.argv[3] == 'psql':
            print(cluster.psql(sys.argv[4]))
        else:
            getattr(cluster, sys.argv[3])(*sys.argv[4:])
        return 0
    with Cluster() as cluster:
        env = dict(os.environ, DOORWARD_TEST_URL=cluster.url(), DOORWARD_TEST_PG_DIR=cluster.dir,
                   DOORWARD_TEST_PG='%s %s --in %s' % (sys.executable, os.path.realpath(__file__), cluster.dir))
        return subprocess.call(sys.argv[1:], env=env)


if __name__ == '__main__':
    sys.exit(main())
