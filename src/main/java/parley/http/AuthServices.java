package parley.http;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import parley.auth.AccessTokens;
import parley.auth.Accounts;
import parley.auth.AuthResult;
import parley.auth.KeyRing;
import parley.auth.Secret;
import parley.auth.TokenVerdict;

/**
 * Accounts and tokens, as far as HTTP needs them. This is an interface so that routes can be tested
 * without a cluster and without hashing a password. {@link #of} is the real implementation.
 */
public interface AuthServices {
  /** As {@link Accounts#register}. */
  CompletionStage<AuthResult.Register> register(
      String username, Secret password, String displayName);

  /** As {@link Accounts#login}. */
  CompletionStage<AuthResult.Login> login(
      String username, Secret password, Accounts.LoginSource origin);

  /** As {@link Accounts#refresh}. */
  CompletionStage<AuthResult.Refresh> refresh(Secret refreshToken, boolean banned);

  /** As {@link Accounts#ownerOf}. */
  CompletionStage<AuthResult.Lookup> ownerOf(Secret refreshToken);

  /** As {@link Accounts#logout}. */
  CompletionStage<AuthResult.Logout> logout(Secret refreshToken);

  /** As {@link Accounts#lookup}. */
  CompletionStage<AuthResult.Lookup> lookup(String username);

  /** As {@link AccessTokens#verify}. */
  CompletionStage<TokenVerdict> verify(Secret accessToken);

  /** As {@link KeyRing#jwks}. */
  String jwks();

  /** The implementation that a server uses. */
  static AuthServices of(Accounts accounts, AccessTokens tokens, KeyRing keys) {
    return new AuthServices() {
      @Override
      public CompletionStage<AuthResult.Register> register(
          String username, Secret password, String displayName) {
        return accounts.register(username, password, Optional.of(displayName));
      }

      @Override
      public CompletionStage<AuthResult.Login> login(
          String username, Secret password, Accounts.LoginSource origin) {
        return accounts.login(username, password, origin);
      }

      @Override
      public CompletionStage<AuthResult.Refresh> refresh(Secret refreshToken, boolean banned) {
        return accounts.refresh(refreshToken, banned);
      }

      @Override
      public CompletionStage<AuthResult.Lookup> ownerOf(Secret refreshToken) {
        return accounts.ownerOf(refreshToken);
      }

      @Override
      public CompletionStage<AuthResult.Logout> logout(Secret refreshToken) {
        return accounts.logout(refreshToken);
      }

      @Override
      public CompletionStage<AuthResult.Lookup> lookup(String username) {
        return accounts.lookup(username);
      }

      @Override
      public CompletionStage<TokenVerdict> verify(Secret accessToken) {
        return tokens.verify(accessToken);
      }

      @Override
      public String jwks() {
        return keys.jwks();
      }
    };
  }
}
