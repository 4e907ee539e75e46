"""What publishers write around a story, in their readers' languages: the words that begin it."""

import re

_LONGEST = 320
_SHORT = 160


def _any_of(*texts: str) -> str:
    """One pattern of the patterns that stand on lines of their own."""
    return "|".join(line.strip() for text in texts for line in text.splitlines() if line.strip())


# Each line begins a block that is about the site, not about the story: what to read, to follow, to buy, to allow.
_ENGLISH = r"""
    (?:also )?read (?:more|also|next)\b(?! than)
    read (?:this|the) (?:full )?(?:story|article|report|interview|post|statement)\b
    also read\b
    related(?: (?:stories|articles?|news|content|reading|coverage|links?))?\s*(?:$|[:\-–])
    more(?: (?:on this(?: story)?|stories|news|like this|from .{2,40}))?\s*(?:$|:)
    more from\b
    see (?:also|more)\s*(?:$|:)
    see also\b
    (?:watch|listen|in pictures|gallery|video|photos|podcast|must[- ]read|don'?t miss|trending|recommended)\s*(?::|$|\|)
    watch (?:our|more|live|(?:the|this) (?:full )?(?:video|interview|trailer|clip|moment))\b.{0,60}$
    click here\b
    tap here\b
    swipe (?:left|right|up|to|for)\b
    scroll (?:down|to continue)
    follow (?:us|me|our|@\w+)\b
    follow .{2,60} on (?:twitter|x|facebook|instagram|google|threads|tiktok|linkedin|youtube|whatsapp|bluesky|social)
    sign up\b
    sign-?up (?:for|to|now|here|today|free)\b
    sign-?up$
    sign in\b
    log ?in\b
    register (?:now|for|to)
    subscribe\b
    subscribers?(?: only)\b
    become a (?:member|subscriber)
    join (?:us|our|thousands|the conversation|the discussion|thought)
    download (?:the|our)\b.{0,40}\bapp\b
    get (?:the|our|all the|real[- ]time|breaking|more|your|instant)\b.{0,80}(?:news|newsletter|inbox|updates?|alerts?|app|emails?|stories|subscription|headlines)
    stay (?:informed|up to date|connected|in the loop|tuned|ahead)\b
    keep up (?:to date|with)\b.{0,80}(?:news|newsletter|social)
    got a (?:story|tip|question)
    do you have (?:a|an|any) (?:story|tip|news|information|question)
    have (?:you )?(?:a|got a) (?:story|tip)
    get in touch with
    (?:please )?contact (?:us|the (?:author|reporter|newsroom|writer))\b
    write to .{2,60}@
    email (?:us|me|the (?:author|reporter|writer))\b
    like this (?:story|article|post)
    (?:did you )?enjoy(?:ed)? this
    if you (?:enjoyed|liked|like) this
    share (?:this|on|via|your)\b
    support (?:us|our (?:work|journalism|reporting|newsroom)|independent (?:journalism|media))\b
    donate (?:now|here|today|to (?:us|our))\b
    donate$
    (?:\d+ )?comments?\s*(?:\(\d+\)|\d+)?\s*$
    (?:leave|post|add|write) a (?:comment|reply)
    view comments
    show comments
    (?:please )?read our (?:comment|privacy)
    would you like to comment
    comment(?:s|ing)? (?:policy|guidelines)
    (?:you must|please) (?:confirm your|log ?(?:in|out)|logout|login|sign in|enable|be logged)
    an error (?:has )?occurred
    thank you for (?:reading|subscribing|signing)
    this article has been sent
    advertisement\b.{0,20}$
    advertising$
    sponsored(?: (?:by|content|post|links?)\b.{0,60})?$
    story continues below
    article continues (?:after|below)
    continue reading\b
    content continues
    skip (?:to|advert|past)
    article content$
    remove ads
    this copy is for your personal
    for (?:more|the latest) (?:stories|news|information|on this|updates|content)\b
    for more\b.{0,80}(?:check|visit|click|follow|see|go to)
    (?:check|find) out more\b
    our (?:standards|editorial)
    we (?:independently|may (?:earn|receive|be paid)|use (?:cookies|income)|earn a commission)
    (?:this (?:article|post|page|story) (?:may )?contains? affiliate)
    if you (?:buy|purchase|click)\b.{0,80}(?:commission|link|sale|post)
    our community members are treated
    by (?:signing|subscribing|clicking|entering)\b
    you can (?:unsubscribe|opt)
    ftc:
    (?:all rights reserved|copyright (?:©|\(c\)|\d{4})|©|\(c\) ?\d{4})
    (?:first |last )?(?:published|updated|modified|posted)\s*(?:(?:on|at)\b|[:|])\s*.{0,30}\d.{0,30}$
    (?:first |last )?(?:published|updated|modified|posted)\s+(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*\.? )?\d.{0,40}$
    (?:first |last )?(?:published|updated|modified|posted)\s+.{0,20}\bago$
    recommended videos?$
    popular$
    most (?:read|popular|viewed|shared)\b.{0,30}$
    trending (?:now|stories)?$
    top stories$
    latest (?:news|stories|headlines)$
    editor'?s'? picks?$
    up next$
    next (?:article|story|post)\b
    previous (?:article|story|post)\b
    what to read next
    save (?:this )?(?:article|story|for later)
    print(?: (?:this )?article)?$
    order reprints
    listen to this article
    listen to article
    \d+ min(?:ute)?s? read
    reading time
    estimated reading
    tags?\s*:
    topics?\s*:
    filed under
    categor(?:y|ies)\s*:
"""
_FRENCH = r"""
    (?:à|a) lire (?:aussi|également|sur|ailleurs)
    lire (?:aussi|également|la suite|plus|l'article|notre|nos)
    voir aussi
    à (?:voir|écouter|découvrir)(?: aussi)?\s*(?:$|:)
    sur le même (?:sujet|thème)
    dans la même (?:rubrique|catégorie)
    articles? (?:liés?|similaires?|connexes?|recommandés?|associés?)
    abonnez[- ]vous
    inscri(?:vez|s)[- ](?:vous|toi)
    s'abonner
    s'inscrire
    se connecter
    connectez[- ]vous
    suivez[- ](?:nous|toute|l'actualité|.{2,40} sur)
    rejoignez[- ]
    recevez (?:chaque|nos|notre|toute|gratuitement|l'essentiel)
    téléchargez (?:notre|l'appli)
    partager? (?:cet|l'article|sur)?.{0,30}$
    partagez
    publicité\b.{0,20}$
    la suite (?:après|sous) (?:cette|la) publicité
    contenu (?:sponsorisé|réservé)
    (?:cet )?article (?:est )?réservé
    il vous reste \d
    déjà abonné
    (?:nous |ce site )utilis(?:ons|e) des cookies
    (?:\d+ )?commentaires?\s*(?:\(\d+\))?$
    (?:laisser|ajouter|écrire) un commentaire
    réagir$
    soutenez
    faire un don
    les plus (?:lus|populaires)
    tous droits réservés
    (?:publié|mis à jour|modifié|posté) (?:le|à|il y a) (?:\w+ )?\d.{0,50}$
    (?:publié|posté) par .{2,40}$
    temps de lecture
    lecture \d
    mots[- ]clés?\s*:
    étiquettes?\s*:
    rubriques?\s*:
    newsletters?\b.{0,60}$
    veuillez (?:vous|activer|saisir|cliquer)
    cliquez ici
    vous avez aimé
    en savoir plus$
"""
_ROMANCE = r"""
    leia (?:também|tambem|mais|ainda)
    veja (?:também|mais)
    saiba mais
    assine\b
    inscreva-se
    siga-nos\b
    siga .{2,30} (?:no|na|nas|em) (?:facebook|twitter|x|instagram|whatsapp|telegram|youtube|redes)\b
    compartilhe
    partilhe
    publicidade$
    (?:\d+ )?comentários?$
    continua (?:após|depois) (?:a|da) publicidade
    (?:publicado|atualizado|actualizado) (?:em|a|el) .{0,20}\d.{0,40}$
    todos os direitos reservados
    receba (?:as|nossas|notícias)
    mais lidas?$
    le[ea] también
    lee (?:más|además)
    (?:te|le) puede interesar
    ver también
    más información$
    suscr[ií]b(?:ete|ase|irse)
    síg(?:ue|a)nos
    regístrate
    inicia sesión
    compart(?:ir|e)\b.{0,30}$
    publicidad$
    comentarios$
    todos los derechos reservados
    lo más (?:leído|visto)
    leggi anche
    \(?leggi (?:anche|tutto|di più)
    potrebbe interessarti
    iscriviti
    abbonati
    seguici
    condividi
    pubblicità$
    commenti$
    tutti i diritti riservati
"""
_GERMANIC = r"""
    lesen sie (?:auch|hier|mehr)
    mehr (?:zum thema|dazu|lesen|erfahren)\b.{0,40}$
    (?:auch|jetzt) (?:interessant|lesen)\b
    abonnieren sie
    jetzt (?:abonnieren|anmelden|registrieren|testen)
    melden sie sich
    folgen sie
    newsletter\s*(?:$|:)
    anzeige$
    werbung$
    (?:\d+ )?kommentare?$
    teilen$
    hat ihnen (?:dieser|der) artikel
    alle rechte vorbehalten
    mit agenturmaterial
    (?:aktualisiert|veröffentlicht) (?:am|um)\b.{0,40}$
    alle informationen zu.{0,40}$
    lees (?:ook|meer|verder)
    meer (?:over|lezen)\b.{0,30}$
    advertentie$
"""
_ARABIC = r"""
    (?:اقر[أا]|إقرأ) ?(?:أيضا|أيضًا|أيضاً|ايضا|ايضاً|المزيد|كذلك)
    قد (?:يهمك|يعجبك)
    شاهد (?:أيضا|أيضًا|أيضاً|ايضا)
    تابع(?:نا|ونا|وا)
    اشترك
    شارك(?:ها)?\b.{0,20}$
    إعلان$
    اعلان$
    التعليقات$
    المزيد$
    الأكثر قراءة
    جميع الحقوق محفوظة
    موضوعات (?:ذات صلة|متعلقة)
    أخبار ذات صلة
    اخبار ذات صلة
    للمزيد من
    المصدر\s*:
"""
_OTHERS = r"""
    soma (?:zaidi|pia)
    jiunge na
    tufuate
    karanta (?:kuma|wannan)
    यह भी पढ़ें
    ये भी पढ़ें
    читайте (?:также|по теме)
    подпис(?:аться|ывайтесь)
    baca juga
    lihat juga
"""
_INVITE = re.compile(rf"[\W_]*(?:{_any_of(_ENGLISH, _FRENCH, _ROMANCE, _GERMANIC, _ARABIC, _OTHERS)})", re.IGNORECASE)
_IMAGE = r"""
    image
    photo
    picture
    photograph
    foto
    bild
    crédit
    credit
    photo\scredit
    image\scredit
    image\ssource
    crédit\sphoto
    crédito
    fotografía
    صورة
"""
_CREDIT = re.compile(rf"[\[(]?\s*(?:(?:{_any_of(_IMAGE)})s?\s*(?:[:/©|]|by\b|par\b|via\b|courtesy\b)|©)", re.IGNORECASE)
# Addresses, dates for machines, numbers, rules, hashtags.
_BARE = re.compile(
    r"https?://\S+|\d{4}-\d\d-\d\dT[\d:.+Z-]+|[\d\s.,:/|·•–—-]{1,8}|_{2,}|\*{3,}|#\S+(?:\s+#\S+)*|@\w+",
)
# Each line is the heading of what stands behind a story.
_HEADINGS = r"""
    more from\b.{0,60}
    more (?:stories|news|on this story|like this)
    related(?: (?:stories|articles|news|content|posts|links|coverage|topics))?
    read (?:more|next|also)
    recommended(?: for you| reading| stories)?
    you (?:may|might) (?:also )?like
    most (?:read|popular|viewed)
    popular
    trending(?: now)?
    top stories
    latest (?:news|stories)
    comments?(?: \(?\d+\)?)?
    leave a (?:reply|comment)
    join our commenting forum
    about the authors?
    newsletters?
    share this(?: article| story| post)?
    explore more
    keep reading
    editor'?s picks
    à lire (?:aussi|également)
    lire (?:aussi|également)
    sur le même (?:sujet|thème)
    dans la même rubrique
    articles (?:similaires|liés|récents|associés)
    les plus lus
    commentaires?
    à découvrir
    vous aimerez aussi
    leia (?:também|mais)
    veja também
    notícias relacionadas
    mais lidas
    comentários
    relacionad[oa]s
    te puede interesar
    lee también
    más noticias
    lo más leído
    comentarios
    leggi anche
    articoli correlati
    commenti
    mehr zum thema
    lesen sie auch
    das könnte sie auch interessieren
    kommentare
    meistgelesen
    lees ook
    اقرأ أيض\S*
    إقرأ أيض\S*
    أخبار ذات صلة
    موضوعات ذات صلة
    الأكثر قراءة
    التعليقات
"""
_END = re.compile(rf"[\W_]*(?:{_any_of(_HEADINGS)})\s*[:…]*\s*", re.IGNORECASE)


def invites(text: str, linked: int = 0) -> bool:
    """Whether the block speaks of the site: it begins as such blocks do and is as short as they are, or is no prose."""
    if len(text) <= _SHORT and (_BARE.fullmatch(text) or _CREDIT.match(text)):
        return True
    return (len(text) <= _SHORT or (linked > 0 and len(text) <= _LONGEST)) and _INVITE.match(text) is not None


def ends_story(text: str) -> bool:
    """Whether it is the heading of what stands behind a story: other stories, comments, the author's life."""
    return len(text) <= 80 and _END.fullmatch(text) is not None
