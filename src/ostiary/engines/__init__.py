"""Room `engines`: the storage engines that Ostiary guards, started and watched or reached by configuration."""
