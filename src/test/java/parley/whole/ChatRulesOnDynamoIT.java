package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link ChatRulesIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class ChatRulesOnDynamoIT extends ChatRulesIT {}
