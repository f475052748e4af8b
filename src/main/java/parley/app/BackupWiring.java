package parley.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.jspecify.annotations.Nullable;
import parley.admin.BackupRoutes;
import parley.archive.ColdTier;
import parley.settings.Settings;
import parley.store.Backup;
import parley.store.EmbeddedStore;
import parley.store.Store;

/** Connects the routes for backups with the store and the cold tier. */
final class BackupWiring {
  private BackupWiring() {}

  static BackupRoutes admin(
      ActorSystem<?> node,
      Settings settings,
      Store store,
      @Nullable ColdTier cold,
      InstantSource clock) {
    Executor blocking =
        node.dispatchers().lookup(DispatcherSelector.fromConfig("parley.dispatchers.blocking"));
    String impossible =
        store instanceof EmbeddedStore
            ? null
            : "PARLEY_STORE is dynamodb: the tables have point-in-time recovery";
    return new BackupRoutes(
        node,
        settings.backupDir(),
        folder -> {
          if (!(store instanceof EmbeddedStore embedded)) {
            throw new IllegalStateException("no backup of another store");
          }
          return cold == null
              ? write(embedded, folder, blocking)
              : cold.whileUnchanged(() -> write(embedded, folder, blocking));
        },
        impossible,
        clock,
        settings.managementWrite());
  }

  private static CompletionStage<Backup.Summary> write(
      EmbeddedStore store, Path folder, Executor blocking) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return store.backup(folder);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        blocking);
  }
}
