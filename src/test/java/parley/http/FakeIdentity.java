package parley.http;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import parley.auth.Accounts;
import parley.auth.AuthResult;
import parley.auth.Secret;
import parley.auth.TokenVerdict;
import parley.model.UserId;

/**
 * Accounts whose answers the test chooses. The access token of a user is {@code token-ID}, an
 * external one is {@code external-ID}.
 */
final class FakeIdentity implements AuthServices {
  static final String JWKS = "{\"keys\":[{\"kty\":\"OKP\"}]}";

  volatile AuthResult.Register onRegister = new AuthResult.UsernameTaken();
  volatile AuthResult.Login onLogin = new AuthResult.BadCredentials();
  volatile AuthResult.Refresh onRefresh = new AuthResult.UnknownToken();
  volatile AuthResult.Logout onLogout = new AuthResult.LoggedOut();
  volatile AuthResult.Lookup onLookup = new AuthResult.NotFound();
  volatile AuthResult.Lookup onOwner = new AuthResult.NotFound();

  /** The calls so far, such as {@code refresh TOKEN}. */
  final List<String> asked = new ArrayList<>();

  static AuthResult.SignedIn signedIn(String id) {
    return new AuthResult.SignedIn(
        new UserId(id), "bob", "Bob B.", new Secret("at-1"), 900, new Secret("rt-1"));
  }

  private synchronized <T> CompletionStage<T> ask(String what, T answer) {
    asked.add(what);
    return CompletableFuture.completedFuture(answer);
  }

  @Override
  public CompletionStage<AuthResult.Register> register(
      String username, Secret password, String displayName) {
    return ask("register " + username + " " + password.value() + " " + displayName, onRegister);
  }

  @Override
  public CompletionStage<AuthResult.Login> login(
      String username, Secret password, Accounts.LoginSource origin) {
    Secret known = origin.knownDevice();
    return ask(
        "login "
            + username
            + " "
            + password.value()
            + (known == null ? "" : " known " + known.value()),
        onLogin);
  }

  @Override
  public CompletionStage<AuthResult.Refresh> refresh(Secret refreshToken, boolean banned) {
    return ask("refresh " + refreshToken.value() + (banned ? " banned" : ""), onRefresh);
  }

  @Override
  public CompletionStage<AuthResult.Lookup> ownerOf(Secret refreshToken) {
    return CompletableFuture.completedFuture(onOwner);
  }

  @Override
  public CompletionStage<AuthResult.Logout> logout(Secret refreshToken) {
    return ask("logout " + refreshToken.value(), onLogout);
  }

  @Override
  public CompletionStage<AuthResult.Lookup> lookup(String username) {
    return ask("lookup " + username, onLookup);
  }

  @Override
  public CompletionStage<TokenVerdict> verify(Secret accessToken) {
    String token = accessToken.value();
    if (token.equals("broken")) {
      return CompletableFuture.failedFuture(new IllegalStateException("a secret detail"));
    }
    if (token.equals("no-keys")) {
      return CompletableFuture.completedFuture(new TokenVerdict.Unavailable(2_000));
    }
    boolean external = token.startsWith("external-");
    if (!external && !token.startsWith("token-")) {
      return CompletableFuture.completedFuture(new TokenVerdict.Rejected("malformed"));
    }
    String id = token.substring(token.indexOf('-') + 1);
    return CompletableFuture.completedFuture(
        new TokenVerdict.Principal(new UserId(id), id, Instant.MAX, external));
  }

  @Override
  public String jwks() {
    return JWKS;
  }
}
