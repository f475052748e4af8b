package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** What people do in a conversation, where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class ChatRulesOnDynamoIT extends ChatRulesIT {}
